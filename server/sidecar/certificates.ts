// Certificates for traffic from outside, from files that somebody else renews. They go to this sidecar's Envoy, and no further.
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { identitySecret } from './xds-messages.ts'
import type { Secret } from './sds.ts'

/** How often the files are looked at. */
const LOOK_MS = 2000

/** As a Gateway's `certificateRefs` name it, with its files: PEM, the leaf first. */
export interface CertificateFiles {
  name: string
  cert: string
  key: string
}

export interface Certificates extends Disposable {
  readonly secrets: Secret[]
}

/**
 * Reads them, and again whenever a file changes; a pair that does not fit, such as one of two files that is new already, changes nothing.
 * Throws `invalid` for files that cannot be used from the start.
 */
export function watchCertificates(files: readonly CertificateFiles[], { onChange, log }: { onChange(): void; log(sentence: string): void }): Certificates {
  const secrets = new Map(files.map((one) => [one.name, readCertificate(one)]))
  const look = (one: CertificateFiles) => {
    try {
      const secret = readCertificate(one)
      if (secret.version === secrets.get(one.name)?.version) return
      secrets.set(one.name, secret)
      log(`the certificate ${one.name} is renewed`)
      onChange()
    } catch (error) {
      log(`the certificate ${one.name} stays as it was: ${messageOf(error)}`)
    }
  }
  for (const one of files) for (const path of [one.cert, one.key]) watchFile(path, { interval: LOOK_MS, persistent: false }, () => look(one))
  return {
    get secrets() {
      return [...secrets.values()]
    },
    [Symbol.dispose]() {
      for (const { cert, key } of files) for (const path of [cert, key]) unwatchFile(path)
    },
  }
}

function readCertificate({ name, cert, key }: CertificateFiles): Secret {
  const chain = read(name, cert)
  const secret = read(name, key)
  const leaf = parse(name, cert, () => new X509Certificate(chain))
  const privateKey = parse(name, key, () => createPrivateKey(secret))
  if (!leaf.checkPrivateKey(privateKey)) throw new MeshError('invalid', `--certificate ${name}: the key in ${key} is not that of the certificate in ${cert}`)
  if (leaf.validToDate.getTime() <= Date.now()) throw new MeshError('invalid', `--certificate ${name}: ${cert} expired on ${leaf.validToDate.toISOString()}`)
  const version = createHash('sha256').update(chain).update(secret).digest('hex').slice(0, 16)
  return { name: `certificate/${name}`, version, message: identitySecret(`certificate/${name}`, chain, secret) }
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MeshError('invalid', `--certificate ${name} names ${path}, which cannot be read`, { cause })
  }
}

function parse<T>(name: string, path: string, how: () => T): T {
  try {
    return how()
  } catch (cause) {
    throw new MeshError('invalid', `--certificate ${name} names ${path}, which holds no PEM that can be used`, { cause })
  }
}
