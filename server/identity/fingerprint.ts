import { createHash, X509Certificate } from 'node:crypto'

/** SHA-256 of the DER bytes, hex; join tokens carry the root's. */
export function certificateHash(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex')
}

/** First 32 hex digits of that: whoever has the PEM knows the id. */
export function authorityId(pem: string): string {
  return certificateHash(pem).slice(0, 32)
}
