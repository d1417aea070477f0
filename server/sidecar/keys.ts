import 'reflect-metadata'
import { createHash } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A new key, which stays on this host, and the request for a certificate of it. */
export async function makeKeyAndCsr(): Promise<{ keyPem: string; csrPem: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: ALGORITHM })
  return { keyPem: x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'), csrPem: request.toString('pem') }
}

/** Ids of the certificates of a bundle as control names them: the first 32 hex digits of the SHA-256 of each. */
export function bundleIds(bundlePem: string): string[] {
  return x509.PemConverter.decode(bundlePem).map((der) => createHash('sha256').update(Buffer.from(der)).digest('hex').slice(0, 32))
}
