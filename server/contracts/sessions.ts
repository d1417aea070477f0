/** Conversations over their traces, and what models cost. Times are ISO 8601 UTC, durations milliseconds. */
import { z } from 'zod'
import { TraceSummary } from './telemetry.ts'

/** How its last trace ended: well, badly, or well after something had failed. */
export const SessionOutcome = z.enum(['ok', 'recovered', 'failed'])
export type SessionOutcome = z.infer<typeof SessionOutcome>

export const Session = z.object({
  /** `gen_ai.conversation.id` or `session.id`; for A2A the context id. */
  conversation: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  durationMs: z.number(),
  outcome: SessionOutcome,
  traces: z.number().int(),
  spans: z.number().int(),
  errors: z.number().int(),
  services: z.array(z.string()),
  models: z.array(z.string()),
  modelCalls: z.number().int(),
  toolCalls: z.number().int(),
  tokens: z.object({ input: z.number(), output: z.number() }),
  /** Null when no model that was called has a price. */
  cost: z.object({ amount: z.number(), currency: z.string() }).nullable(),
  /** Tokens of models without a price: the cost is without them. */
  unpricedTokens: z.number(),
})
export type Session = z.infer<typeof Session>

export const SessionDetail = Session.extend({
  /** In order of time; the newest when there are more than are shown. */
  traceList: z.array(TraceSummary),
  byModel: z.array(z.object({ model: z.string(), calls: z.number().int(), errors: z.number().int(), tokens: z.object({ input: z.number(), output: z.number() }), cost: z.number().nullable() })),
})
export type SessionDetail = z.infer<typeof SessionDetail>

export const PRICES_MAX = 500
const Price = z.strictObject({ input: z.number().min(0).max(1e9), output: z.number().min(0).max(1e9) })

/** Of a million tokens. A name may end in an asterisk: of those that fit a model, its own name wins, then the longest. */
export const Prices = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'say a currency by its three letters, such as USD'),
  models: z.record(z.string().min(1).max(255).regex(/^[^*\u0000]*\*?$/u, 'an asterisk stands at the end alone'), Price).refine((models) => Object.keys(models).length <= PRICES_MAX, `there are at most ${PRICES_MAX} prices`),
})
export type Prices = z.infer<typeof Prices>
