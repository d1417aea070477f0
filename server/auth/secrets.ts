import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits behind a prefix that a secret scanner and a person recognise. */
export function mintSecret(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url')
}

// A plain SHA-256 is enough for a secret of 256 random bits: there is nothing to guess, and a look-up by hash stays one index read.
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Compares without telling by its time how much was right. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(hashSecret(a), hashSecret(b))
}
