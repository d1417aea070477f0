/** Certificates and rotations as the API shows them; never a key. Times are ISO 8601 UTC. */
import { z } from 'zod'

export const CertificateAuthority = z.object({
  id: z.string(),
  role: z.enum(['root', 'issuing']),
  /** prepared: made, trusted nowhere yet. active: signs. trusted: its leaves are still accepted. retired: dropped. */
  state: z.enum(['prepared', 'active', 'trusted', 'retired']),
  subject: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  lifeLeft: z.number().min(0).max(1),
  pem: z.string(),
})
export type CertificateAuthority = z.infer<typeof CertificateAuthority>

export const Svid = z.object({
  serial: z.string(),
  spiffeId: z.string(),
  proxy: z.string(),
  issuerId: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  lifeLeft: z.number().min(0).max(1),
  /** What stops working when it runs out, in words. */
  consequence: z.string(),
  state: z.enum(['valid', 'renewal_late', 'expired', 'revoked']),
})
export type Svid = z.infer<typeof Svid>

export const Certificates = z.object({ authorities: z.array(CertificateAuthority), items: z.array(Svid) })
/** The authorities, and one page of what they signed. */
export type CertificateList = z.infer<typeof Certificates>

/** trust both → re-issue → proved on n of n → retire the old. `cancelled` went back to the old issuer. */
export const RotationStep = z.enum(['trust', 'reissue', 'prove', 'retire', 'done', 'cancelled'])
export const Rotation = z.object({
  id: z.string(),
  state: z.enum(['running', 'waiting', 'paused', 'done', 'cancelled']),
  step: RotationStep,
  from: z.string(),
  to: z.string(),
  startedBy: z.string(),
  startedAt: z.string(),
  reason: z.string(),
  /** Evidence per proxy; `blocked` says in a sentence why the step waits for it. */
  proxies: z.array(z.object({ proxy: z.string(), trustsNew: z.boolean(), holdsNew: z.boolean(), trustsOld: z.boolean(), connected: z.boolean(), blocked: z.string().nullable() })),
  proved: z.number().int(),
  of: z.number().int(),
  waitsFor: z.array(z.string()),
  history: z.array(z.object({ at: z.string(), step: RotationStep, by: z.string(), what: z.string() })),
})
export type Rotation = z.infer<typeof Rotation>

export const AuditEntry = z.object({
  seq: z.number().int(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  result: z.enum(['ok', 'denied', 'failed']),
  detail: z.record(z.string(), z.unknown()),
})
export type AuditEntry = z.infer<typeof AuditEntry>

export const Role = z.enum(['viewer', 'operator', 'admin'])
export type Role = z.infer<typeof Role>
