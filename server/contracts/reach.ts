/** Who can reach an agent, and what an agent can reach: the answer of `GET /namespaces/{ns}/agents/{name}/reach`. */
import { z } from 'zod'
import { ObjectRef } from './object.ts'

export const ReachVerdict = z.enum(['all', 'some', 'none'])
export type ReachVerdict = z.infer<typeof ReachVerdict>

export const ReachRow = z.object({
  /** The other agent, `namespace/name`. */
  agent: z.string(),
  /** Every call, some calls, or none. */
  verdict: ReachVerdict,
  /** Names that the caller may use and that lead there; empty when none does. */
  names: z.array(z.string()),
  /** A sentence: what is let through or refused, and by whom. */
  why: z.string(),
  /** The policies that decide. */
  policies: z.array(ObjectRef),
})
export type ReachRow = z.infer<typeof ReachRow>

export const Reach = z.object({
  revision: z.number().int(),
  agent: z.string(),
  direction: z.enum(['callers', 'callees']),
  counts: z.object({ all: z.number().int(), some: z.number().int(), none: z.number().int() }),
  /** What callers without an identity may do: more than `none` only where mTLS is permissive. Null of callees. */
  plaintext: ReachVerdict.nullable(),
  /** Instances of it without a sidecar: no policy guards those. Null of callees. */
  unguarded: z.number().int().nullable(),
  /** The most that is let through first, at most `limit`. */
  items: z.array(ReachRow),
})
export type Reach = z.infer<typeof Reach>
