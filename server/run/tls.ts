// The certificate of the console and OTLP, from files that somebody else renews. xDS has the mesh's own.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config, SettingName } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'

export interface TlsFiles {
  /** PEM, the leaf first. */
  cert: Buffer
  key: Buffer
}

/** Null without the two settings. Throws `invalid` naming the setting whose file cannot be used. */
export function readTls(config: Pick<Config, 'tlsCert' | 'tlsKey'>): TlsFiles | null {
  if (config.tlsCert === '') return null
  const cert = read('HEDDLE_TLS_CERT', config.tlsCert)
  const key = read('HEDDLE_TLS_KEY', config.tlsKey)
  const leaf = parse('HEDDLE_TLS_CERT', config.tlsCert, () => new X509Certificate(cert))
  const privateKey = parse('HEDDLE_TLS_KEY', config.tlsKey, () => createPrivateKey(key))
  if (!leaf.checkPrivateKey(privateKey)) throw new MeshError('invalid', `the key in HEDDLE_TLS_KEY (${config.tlsKey}) is not that of the certificate in HEDDLE_TLS_CERT (${config.tlsCert})`)
  if (leaf.validToDate.getTime() <= Date.now()) throw new MeshError('invalid', `the certificate in HEDDLE_TLS_CERT (${config.tlsCert}) expired on ${leaf.validToDate.toISOString()}`)
  return { cert, key }
}

/** What others must trust to believe this certificate: its own root when the file has it; null when a public authority signed it. */
export function trustOf(tls: TlsFiles): string | null {
  const blocks = String(tls.cert).match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  const roots = blocks.filter((block) => {
    const certificate = new X509Certificate(block)
    return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)
  })
  return roots.length > 0 ? `${roots.join('\n')}\n` : null
}

function read(name: SettingName, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new MeshError('invalid', `${name} names ${path}, which cannot be read`, { cause })
  }
}

function parse<T>(name: SettingName, path: string, how: () => T): T {
  try {
    return how()
  } catch (cause) {
    throw new MeshError('invalid', `${name} names ${path}, which holds no PEM that can be used`, { cause })
  }
}
