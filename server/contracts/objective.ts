// What agents are expected to achieve, and what is told when they do not. docs/objectives.md
import { z } from 'zod'
import { DnsLabel } from './ids.ts'
import { AgentTarget, HEDDLE_API, ObjectMeta } from './meta.ts'

/** Days over which the budget is reckoned. */
export const OBJECTIVE_WINDOWS = ['7d', '14d', '28d'] as const

export const ObjectiveSpec = z.strictObject({
  /** The agent that is called. */
  targetRef: AgentTarget,
  /** Calls of this agent alone; without it, of every caller. */
  from: z.strictObject({ namespace: DnsLabel.optional(), name: DnsLabel }).optional(),
  /**
   * What makes a call a good one: that it did not fail, or that it took at most so many milliseconds; what makes a task a good one: that it
   * was completed. Or what models may cost the agent, a call to it or an hour, in the currency of the prices.
   */
  indicator: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('Success') }),
    z.strictObject({ type: z.literal('Latency'), withinMs: z.number().int().min(1).max(86_400_000) }),
    z.strictObject({ type: z.literal('TaskOutcome') }),
    z.strictObject({ type: z.literal('Cost'), atMost: z.number().min(0.000_001).max(1_000_000_000), per: z.enum(['call', 'hour']) }),
  ]),
  /** Percentage of calls, or tasks, that are to be good; none for a cost. */
  percent: z.number().min(1).max(99.999).optional(),
  window: z.enum(OBJECTIVE_WINDOWS).default('7d'),
  /** Receivers that hear of an alert, by name. */
  notify: z.array(DnsLabel).max(16).default([]),
})
export type ObjectiveSpec = z.infer<typeof ObjectiveSpec>

/** A service level objective. https://sre.google/workbook/implementing-slos/ */
export const Objective = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('Objective'),
  metadata: ObjectMeta,
  spec: ObjectiveSpec,
  status: z.unknown().optional(),
})
export type Objective = z.infer<typeof Objective>

/** `met`: within its budget. `burning`: an alert runs. `spent`: nothing is left of the budget. `no data`: no call or task in the last hour, or no price for what was used. */
export const ObjectiveState = z.enum(['met', 'burning', 'spent', 'no data'])
export type ObjectiveState = z.infer<typeof ObjectiveState>

export const ObjectiveCost = z.object({ spent: z.number(), allowed: z.number(), currency: z.string(), unpricedTokens: z.number() })
export type ObjectiveCost = z.infer<typeof ObjectiveCost>

export const ObjectiveStatus = z.object({
  namespace: z.string(),
  name: z.string(),
  state: ObjectiveState,
  /** Since when the state is what it is. */
  since: z.string(),
  /** Over the window, or over what is kept of it; tasks for an outcome, calls of models for a cost an hour. */
  calls: z.number(),
  good: z.number(),
  /** Share of the budget that is left, 0 to 1; null without calls. */
  budgetLeft: z.number().nullable(),
  /** How many times faster than allowed the budget is spent, over each time that is looked at, such as `1h`; null without calls. */
  burn: z.record(z.string(), z.number().nullable()),
  /** Of an objective on cost, over the window. Tokens of models without a price are apart: what was spent is without them. */
  cost: ObjectiveCost.nullable(),
  evaluatedAt: z.string(),
})
export type ObjectiveStatus = z.infer<typeof ObjectiveStatus>

export const Alert = z.object({
  id: z.string(),
  namespace: z.string(),
  objective: z.string(),
  /** `fast`: 2 % of the budget in an hour. `slow`: 5 % of it in six. */
  speed: z.enum(['fast', 'slow']),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  /** The fastest burn while it ran. */
  peak: z.number(),
  /** Who silenced it, while somebody does. */
  silencedBy: z.string().nullable(),
  deliveries: z.array(z.object({ receiver: z.string(), event: z.enum(['began', 'ended']), state: z.enum(['waiting', 'delivered', 'failed']), attempts: z.number().int(), error: z.string().nullable() })),
})
export type Alert = z.infer<typeof Alert>

export const Silence = z.object({
  id: z.string(),
  namespace: z.string(),
  /** Null is every objective of the namespace. */
  objective: z.string().nullable(),
  until: z.string(),
  by: z.string(),
  reason: z.string(),
})
export type Silence = z.infer<typeof Silence>

/** Where alerts are told. The URL of a webhook is often its own key: only admins read it. */
export const Receiver = z.discriminatedUnion('type', [
  z.strictObject({ name: DnsLabel, type: z.literal('webhook'), url: z.url({ protocol: /^https?$/ }).max(2048) }),
  z.strictObject({ name: DnsLabel, type: z.literal('email'), to: z.array(z.email()).min(1).max(16) }),
])
export type Receiver = z.infer<typeof Receiver>
export const Receivers = z.strictObject({ items: z.array(Receiver).max(32) })
export type Receivers = z.infer<typeof Receivers>

/** What a receiver hears, as JSON. `id` and `event` together are told at least once. */
export const AlertMessage = z.object({
  id: z.string(),
  event: z.enum(['began', 'ended', 'test']),
  mesh: z.string(),
  objective: z.string(),
  summary: z.string(),
  speed: z.enum(['fast', 'slow']).nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  url: z.string(),
})
export type AlertMessage = z.infer<typeof AlertMessage>
