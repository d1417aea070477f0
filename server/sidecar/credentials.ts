// Credentials for hosts outside the mesh, and authorities besides the machine's own: from files and settings beside this sidecar. They go
// to its Envoy, and no further; an object names them, and learns nothing of them.
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { getCACertificates } from 'node:tls'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { authoritySecret, credentialSecret } from '../contracts/sidecar-secrets.ts'
import type { Secret } from './sds.ts'
import { genericSecret, trustSecret } from './xds-messages.ts'

/** How often the files are looked at. */
const LOOK_MS = 2000
const CREDENTIAL_BYTES_MAX = 16_384

export interface CredentialSource {
  name: string
  /** The one host it is sent to. */
  host: string
  from: { file: string } | { env: string }
}

export interface AuthorityFile {
  name: string
  file: string
}

export interface BesideSecrets extends Disposable {
  readonly secrets: Secret[]
}

interface Watched {
  /** For people: `--credential openai`. */
  title: string
  file: string | null
  read(): Secret
}

/**
 * Reads them, and files again whenever they change; what cannot be used then changes nothing, and is said in the log without its content.
 * Throws `invalid` for what cannot be used from the start.
 */
export function watchBeside(given: { credentials: readonly CredentialSource[]; authorities: readonly AuthorityFile[] }, { onChange, log }: { onChange(): void; log(sentence: string): void }): BesideSecrets {
  const watched = [...given.credentials.map(watchedCredential), ...given.authorities.map(watchedAuthority)]
  const secrets = new Map(watched.map((one) => [one, one.read()]))
  const look = (one: Watched) => {
    try {
      const secret = one.read()
      if (secret.version === secrets.get(one)?.version) return
      secrets.set(one, secret)
      log(`${one.title} is read anew`)
      onChange()
    } catch (error) {
      log(`${one.title} stays as it was: ${messageOf(error)}`)
    }
  }
  const files = watched.flatMap((one) => (one.file === null ? [] : [{ one, file: one.file }]))
  for (const { one, file } of files) watchFile(file, { interval: LOOK_MS, persistent: false }, () => look(one))
  return {
    get secrets() {
      return [...secrets.values(), SYSTEM]
    },
    [Symbol.dispose]() {
      for (const { file } of files) unwatchFile(file)
    },
  }
}

/** Why Envoy waits for a secret that this sidecar does not have. */
export function describeMissing(secret: string): string {
  const [kind, name = '', host = ''] = secret.split('/')
  if (kind === 'credential') return `calls to ${host} are refused with 401: an ExternalService asks for the credential “${name}”, and this sidecar was not given one for that host (--credential ${name}=${host},file:PATH)`
  if (kind === 'ca') return `calls under the authority “${name}” fail: an ExternalService names it, and this sidecar was not given it (--ca ${name}=FILE)`
  return `a Gateway names the certificate “${name}”, and this sidecar was not given it (--certificate ${name}=CERT,KEY)`
}

function watchedCredential({ name, host, from }: CredentialSource): Watched {
  const title = `--credential ${name}`
  const secretName = credentialSecret(name, host)
  return {
    title,
    file: 'file' in from ? from.file : null,
    read() {
      const text = ('file' in from ? readText(title, from.file) : (process.env[from.env] ?? refuse(title, `the setting ${from.env} is not set`))).replace(/\r?\n$/, '')
      if (text === '') refuse(title, 'it is empty')
      if (Buffer.byteLength(text) > CREDENTIAL_BYTES_MAX) refuse(title, `it has more than ${CREDENTIAL_BYTES_MAX} bytes`)
      if (!/^[\x20-\x7e]+$/.test(text)) refuse(title, 'it has characters that no header can carry')
      return { name: secretName, version: digestOf(text), message: genericSecret(secretName, text) }
    },
  }
}

function watchedAuthority({ name, file }: AuthorityFile): Watched {
  const title = `--ca ${name}`
  return {
    title,
    file,
    read() {
      const pem = readText(title, file)
      const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
      if (certificates.length === 0) refuse(title, `${file} holds no certificate in PEM`)
      for (const certificate of certificates) parse(title, file, certificate)
      return { name: authoritySecret(name), version: digestOf(pem), message: trustSecret(authoritySecret(name), certificates.join('\n')) }
    },
  }
}

/** Put together when somebody asks: it is large, and most sidecars need none of it. */
const SYSTEM: Secret = {
  name: authoritySecret(null),
  version: 'system',
  get message() {
    systemMessage ??= trustSecret(authoritySecret(null), systemAuthorities().join('\n'))
    return systemMessage
  },
}
let systemMessage: Buffer | undefined

function systemAuthorities(): string[] {
  const system = new Set(getCACertificates('system'))
  return [...(system.size > 0 ? system : getCACertificates('bundled'))]
}

function parse(title: string, file: string, certificate: string): void {
  try {
    new X509Certificate(certificate)
  } catch (cause) {
    throw new MeshError('invalid', `${title}: ${file} holds a certificate that cannot be read`, { cause })
  }
}

function readText(title: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MeshError('invalid', `${title} names ${path}, which cannot be read`, { cause })
  }
}

function refuse(title: string, why: string): never {
  throw new MeshError('invalid', `${title}: ${why}`)
}

/** Equal content is not sent again. Of a secret it must not be guessed back, so it is keyed by a number of this process. */
const KEY = crypto.getRandomValues(new Uint8Array(32))
function digestOf(text: string): string {
  return createHash('sha256').update(KEY).update(text).digest('hex').slice(0, 16)
}
