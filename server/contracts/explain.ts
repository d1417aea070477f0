/** Where a call would go, and why: the question and the answer of `POST /explain`. */
import { z } from 'zod'
import { DnsLabel, NAMESPACE_DEFAULT } from './ids.ts'
import { ObjectRef } from './object.ts'
import { HTTPMethod } from './route-filters.ts'

export const ExplainRequest = z.strictObject({
  from: z.strictObject({ namespace: DnsLabel.default(NAMESPACE_DEFAULT), agent: DnsLabel }),
  /** As the caller would write it: `translator`, `translator.default`, `translator.default.mesh`, with or without a port. */
  host: z.string().min(1).max(253),
  path: z.string().min(1).max(8192).startsWith('/').default('/'),
  method: HTTPMethod.default('GET'),
  headers: z.record(z.string().min(1).max(256), z.string().max(8192)).refine((headers) => Object.keys(headers).length <= 100, 'at most 100 headers').default({}),
})
export type ExplainRequest = z.infer<typeof ExplainRequest>

const Backend = z.object({
  agent: z.string(),
  version: z.string().nullable(),
  cluster: z.string().nullable(),
  share: z.number().min(0).max(1),
  /** What is in rotation there now. */
  instances: z.array(z.object({ id: z.string(), address: z.string(), port: z.number().int(), weight: z.number() })),
})

const Considered = z.object({
  object: ObjectRef,
  rule: z.number().int(),
  ruleName: z.string().nullable(),
  match: z.number().int(),
  won: z.boolean(),
  /** A sentence: why it fits or does not, or that another came first. */
  why: z.string(),
})

const PolicyStep = z.object({
  object: ObjectRef.nullable(),
  rule: z.number().int().nullable(),
  effect: z.enum(['allow', 'deny']),
  mode: z.enum(['Enforce', 'Audit']),
  applies: z.boolean(),
  /** Of all, the one that decided. */
  decides: z.boolean(),
  why: z.string(),
})

export const Explanation = z.object({
  revision: z.number().int(),
  caller: z.string(),
  virtualHost: z.string().nullable(),
  /** The agent that was asked for; its routes decide who answers. */
  target: z.string().nullable(),
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('forward'), path: z.string(), host: z.string() }),
    z.object({ kind: z.literal('redirect'), status: z.number().int(), location: z.string() }),
    z.object({ kind: z.literal('answer'), status: z.number().int(), why: z.string() }),
    z.object({ kind: z.literal('external'), host: z.string() }),
  ]),
  considered: z.array(Considered),
  backends: z.array(Backend),
  mirrors: z.array(z.object({ agent: z.string(), share: z.number() })),
  /** For each agent that may get the call: who decides whether it is taken. */
  policies: z.array(z.object({ agent: z.string(), allowed: z.boolean(), steps: z.array(PolicyStep) })),
  /** The whole in a few sentences, in order. */
  summary: z.array(z.string()),
})
export type Explanation = z.infer<typeof Explanation>
export type PolicyStep = z.infer<typeof PolicyStep>
