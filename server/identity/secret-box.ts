// CA keys at rest: AES-256-GCM under HEDDLE_SECRET_KEY, bound to the id of the certificate that they belong to.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { MeshError } from '../contracts/errors.ts'

const IV_BYTES = 12
const TAG_BYTES = 16

export interface SecretBox {
  /** Says which key sealed a row, and nothing about the key. */
  readonly keyId: string
  seal(plain: string, boundTo: string): Buffer<ArrayBuffer>
  open(sealed: Uint8Array, boundTo: string): string
}

/** Takes 32 bytes in base64. Throws `invalid` for anything else, without repeating it. */
export function openSecretBox(secretKey: string): SecretBox {
  const key = Buffer.from(secretKey.trim(), 'base64')
  if (key.length !== 32) throw new MeshError('invalid', 'HEDDLE_SECRET_KEY must be 32 bytes in base64, as `openssl rand -base64 32` prints')
  const keyId = createHash('sha256').update('heddle-key-id').update(key).digest('hex').slice(0, 16)
  return {
    keyId,
    seal(plain, boundTo) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(boundTo))
      return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, boundTo) {
      const bytes = Buffer.from(sealed)
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES)).setAAD(Buffer.from(boundTo))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
      } catch {
        throw new MeshError('invalid', 'HEDDLE_SECRET_KEY does not open the keys in this store; nothing was changed')
      }
    },
  }
}
