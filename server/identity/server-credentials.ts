// TLS of the xDS port: control is `spiffe://TD/heddle/control` by its own authority; certificate and roots change while it runs.
import { experimental, type ServerCredentials } from '@grpc/grpc-js'
import { messageOf } from '../contracts/errors.ts'
import type { Authority } from './authority.ts'
import { exportKeyPem, makeKeys } from './certificate.ts'

const RETRY_MS = 5000
/** Beneath an issuer that runs out a new certificate lives hardly longer than the one before. */
const RENEW_MS_MIN = 1000

export interface ControlCredentials extends Disposable {
  /** A client certificate is asked for, not required: `Enrol` has none yet; every other call goes through `Peers.authenticate`. */
  credentials: ServerCredentials
}

export async function openControlCredentials(authority: Authority, onError: (error: Error) => void = () => {}): Promise<ControlCredentials> {
  const certificate = changing<experimental.IdentityCertificateUpdate>()
  const roots = changing<experimental.CaCertificateUpdate>()
  let issuedBy = ''
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const renew = async () => {
    const keys = await makeKeys()
    const identity = await authority.issueForControl(keys.publicKey)
    issuedBy = identity.issuerId
    // The root goes along, so that a sidecar with a join token finds the certificate whose hash it was given.
    certificate.set({ certificate: Buffer.from(identity.chainPem + authority.trust.controlRootPem), privateKey: Buffer.from(await exportKeyPem(keys.privateKey)) })
    const lifeMs = Date.parse(identity.notAfter) - Date.now()
    schedule(Math.max(lifeMs * (0.5 + Math.random() * 0.1), RENEW_MS_MIN))
  }
  const renewOrRetry = () =>
    void renew().catch((error) => {
      onError(new Error(`control cannot renew its own certificate: ${messageOf(error)}`))
      schedule(RETRY_MS) // the one in use stays
    })
  const schedule = (ms: number) => {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(renewOrRetry, Math.min(ms, 2 ** 31 - 1))
  }

  roots.set({ caCertificate: Buffer.from(authority.bundlePem()) })
  await renew()
  const stop = authority.onChange(() => {
    roots.set({ caCertificate: Buffer.from(authority.bundlePem()) })
    if (authority.trust.controlIssuer.id !== issuedBy) renewOrRetry()
  })
  const provider: experimental.CertificateProvider = {
    addCaCertificateListener: roots.add,
    removeCaCertificateListener: roots.remove,
    addIdentityCertificateListener: certificate.add,
    removeIdentityCertificateListener: certificate.remove,
  }
  return {
    credentials: experimental.createCertificateProviderServerCredentials(provider, provider, false),
    [Symbol.dispose]() {
      stopped = true
      clearTimeout(timer)
      stop()
    },
  }
}

/** A value with listeners that are told it at once and after each change, as grpc-js asks of a certificate provider. */
function changing<T>() {
  let value: T | null = null
  const listeners = new Set<(value: T | null) => void>()
  return {
    set(next: T) {
      value = next
      for (const listener of listeners) listener(next)
    },
    add(listener: (value: T | null) => void) {
      listeners.add(listener)
      if (value) process.nextTick(listener, value)
    },
    remove: (listener: (value: T | null) => void) => void listeners.delete(listener),
  }
}
