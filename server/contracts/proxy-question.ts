/** What a person asks of one proxy now, over its sidecar's own connection to control: what its Envoy runs, and how loud its log is. */
import { z } from 'zod'

export const LogLevel = z.enum(['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'])
export type LogLevel = z.infer<typeof LogLevel>

export const ProxyQuestion = z.discriminatedUnion('about', [
  /** Names and versions of all that was sent to it by type, as its Envoy has them. */
  z.strictObject({ about: z.literal('config') }),
  /** Addresses behind each cluster, with their health as this proxy sees it. */
  z.strictObject({ about: z.literal('clusters') }),
  z.strictObject({ about: z.literal('certificates') }),
  /** Counters and gauges whose names hold a text. */
  z.strictObject({ about: z.literal('statistics'), contains: z.string().max(200).default('') }),
  /** How much its Envoy writes to its log; `level` sets it until the proxy starts again. */
  z.strictObject({ about: z.literal('log'), level: LogLevel.nullable().default(null) }),
])
export type ProxyQuestion = z.infer<typeof ProxyQuestion>

const Counted = z.number().int()

export const ProxyAnswer = z.discriminatedUnion('about', [
  /** `version` is empty where Envoy does not tell one: of a route configuration whose virtual hosts come one by one. */
  z.object({ about: z.literal('config'), resources: z.array(z.object({ typeUrl: z.string(), name: z.string(), version: z.string(), since: z.string() })) }),
  z.object({
    about: z.literal('clusters'),
    clusters: z.array(z.object({ name: z.string(), hosts: z.array(z.object({ address: z.string(), isHealthy: z.boolean(), why: z.array(z.string()), connections: Counted, active: Counted, requests: Counted, errors: Counted })) })),
  }),
  z.object({ about: z.literal('certificates'), certificates: z.array(z.object({ serial: z.string(), names: z.array(z.string()), isRoot: z.boolean(), from: z.string(), to: z.string() })) }),
  z.object({ about: z.literal('statistics'), found: Counted, statistics: z.array(z.object({ name: z.string(), value: z.number() })) }),
  z.object({ about: z.literal('log'), levels: z.record(z.string(), z.string()) }),
])
export type ProxyAnswer = z.infer<typeof ProxyAnswer>

/** In the answer of a heartbeat, and what the sidecar says to it. */
export const AskedQuestion = z.object({ id: z.uuid(), question: ProxyQuestion })
export type AskedQuestion = z.infer<typeof AskedQuestion>
export const AnswerRequest = z.strictObject({ id: z.uuid(), answer: ProxyAnswer.nullable(), /** Why there is none. */ failure: z.string().max(500).nullable() })
export type AnswerRequest = z.infer<typeof AnswerRequest>
