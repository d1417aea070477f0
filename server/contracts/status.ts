/** What the mesh answers to a change: shapes of revisions, their acceptance, and proxies. Times are ISO 8601 UTC. */
import { z } from 'zod'
import { ObjectRef } from './object.ts'

export const RefusedBy = z.object({
  proxy: z.string(),
  typeUrl: z.string(),
  /** xDS resource name. */
  resource: z.string(),
  object: ObjectRef.nullable(),
  /** RFC 6901 into the object, where re-checking its values one by one found exactly one culprit. */
  pointer: z.string().nullable(),
  /** Envoy's own words, PEM blocks cut out. */
  reason: z.string(),
})
export type RefusedBy = z.infer<typeof RefusedBy>

/** `of` counts proxies connected since the commit that subscribe to a changed resource; 0 of 0 is accepted: no connected proxy needs it. */
export const RevisionStatus = z.object({
  revision: z.number().int(),
  state: z.enum(['pending', 'accepted', 'rejected', 'superseded']),
  of: z.number().int(),
  accepted: z.number().int(),
  pending: z.array(z.string()),
  rejected: z.array(RefusedBy),
  disconnected: z.array(z.string()),
  evidence: z.enum(['acked', 'conditions', 'observed']),
  acceptedAt: z.string().nullable(),
})
export type RevisionStatus = z.infer<typeof RevisionStatus>

/** A revision that a proxy refused, whether or not it still does. */
export const PastRefusal = RefusedBy.extend({ revision: z.number().int(), at: z.string() })
export type PastRefusal = z.infer<typeof PastRefusal>

export const RevisionChange = z.object({ object: ObjectRef, before: z.unknown().nullable(), after: z.unknown().nullable() })
export const Revision = z.object({
  revision: z.number().int(),
  author: z.string(),
  reason: z.string(),
  at: z.string(),
  changes: z.array(RevisionChange),
  /** The plan in words, as the author saw it. */
  plan: z.array(z.string()),
  reverts: z.number().int().nullable(),
})
export type Revision = z.infer<typeof Revision>

export const XdsTypeState = z.object({
  state: z.enum(['synced', 'pending', 'rejected', 'unsubscribed']),
  sent: z.number().int(),
  acked: z.number().int(),
  reason: z.string().nullable(),
  /** When the newest of its resources was sent, taken or refused. */
  changedAt: z.string().nullable(),
})

export const Proxy = z.object({
  id: z.string(),
  agent: z.string(),
  namespace: z.string(),
  version: z.string(),
  state: z.enum(['synced', 'pending', 'rejected', 'disconnected']),
  lastSeen: z.string(),
  connectedAt: z.string().nullable(),
  control: z.string().nullable(),
  /** Envoy's build, e.g. `1.40.0`. */
  build: z.string(),
  outboundUrl: z.string().nullable(),
  spiffeId: z.string(),
  types: z.record(z.string(), XdsTypeState),
})
export type Proxy = z.infer<typeof Proxy>

/** What `?dryRun=All` answers; nothing is stored. */
export const DryRun = z.object({
  valid: z.boolean(),
  problems: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })),
  warnings: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })),
  /** The change in words. */
  summary: z.array(z.string()),
  affected: z.object({ callers: z.array(z.string()), proxies: z.array(z.string()) }),
  objectDiff: z.array(z.object({ object: ObjectRef, before: z.unknown().nullable(), after: z.unknown().nullable() })),
  xdsDiff: z.array(z.object({ typeUrl: z.string(), resource: z.string(), proxies: z.array(z.string()), before: z.unknown().nullable(), after: z.unknown().nullable(), bytes: z.number().int() })),
})
export type DryRun = z.infer<typeof DryRun>
