// Names of what a sidecar gives its own Envoy of files and settings beside it. The compiler writes them, the sidecar answers to them.

/** Certificates of authorities; null is what the machine itself trusts. */
export function authoritySecret(name: string | null): string {
  return name === null ? 'ca-system' : `ca/${name}`
}

/** A credential goes to the host that the sidecar's operator gave it for, whatever an object asks. */
export function credentialSecret(name: string, host: string): string {
  return `credential/${name}/${host}`
}
