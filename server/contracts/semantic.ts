// Decisions of semantic routing, as the API and the console show them.
import { z } from 'zod'
import { AgentRouteSpec } from './agent-route.ts'
import { DnsLabel } from './ids.ts'

/** One candidate of a decision. Measures are 0 (worst) to 1 (best). */
export const CandidateRow = z.object({
  agent: z.string(),
  skill: z.string().nullable(),
  similarity: z.number().nullable(),
  score: z.number().nullable(),
  health: z.number(),
  load: z.number(),
  latency: z.number(),
  price: z.number(),
  /** Why it lost; null for the winner. */
  why: z.string().nullable(),
})
export type CandidateRow = z.infer<typeof CandidateRow>

export const DecisionOutcome = z.enum(['chosen', 'conversation', 'fallback'])

export const Decision = z.object({
  id: z.string(),
  namespace: z.string(),
  route: z.string(),
  at: z.string(),
  /** SPIFFE id of who called. */
  caller: z.string(),
  mode: z.enum(['shadow', 'enforce']),
  outcome: DecisionOutcome,
  /** `namespace/agent`; null when the fallback answered. */
  chosen: z.string().nullable(),
  skill: z.string().nullable(),
  reason: z.string(),
  /** Similarity of the best candidate. */
  confidence: z.number().nullable(),
  taskHash: z.string(),
  /** Only where the route keeps it. */
  taskText: z.string().nullable(),
  traceId: z.string().nullable(),
  candidates: z.array(CandidateRow),
  revision: z.number().int(),
  durationMs: z.number(),
  /** Who should have answered, as a person said afterwards. */
  corrected: z.string().nullable(),
})
export type Decision = z.infer<typeof Decision>

/** A task with who should answer it: `namespace/agent` or a name in the route's namespace; null is nobody (the fallback). */
export const LabelledTask = z.strictObject({ task: z.string().min(1).max(8000), agent: z.string().min(1).max(200).nullable() })
export type LabelledTask = z.infer<typeof LabelledTask>

export const TASKS_MAX = 5000

/** The stored route of this name, or one that is not stored yet. */
export const RouteChoice = { namespace: DnsLabel.default('default'), route: DnsLabel, spec: AgentRouteSpec.optional() }

export const TryRequest = z.strictObject({ ...RouteChoice, task: z.string().max(100_000) })

export const TryAnswer = z.object({
  outcome: DecisionOutcome,
  chosen: z.string().nullable(),
  skill: z.string().nullable(),
  reason: z.string(),
  confidence: z.number().nullable(),
  fallback: z.string().nullable(),
  mode: z.enum(['off', 'shadow', 'enforce']),
  /** Name of the Envoy route that such a call takes. */
  envoyRoute: z.string(),
  candidates: z.array(CandidateRow),
  durationMs: z.number(),
})
export type TryAnswer = z.infer<typeof TryAnswer>

export const EvaluateRequest = z.strictObject({
  ...RouteChoice,
  tasks: z.array(LabelledTask).min(1).max(TASKS_MAX),
  /** Another configuration of the route, judged by the same tasks. */
  against: AgentRouteSpec.optional(),
})

const Share = z.number().min(0).max(1)

export const Evaluation = z.object({
  tasks: z.number().int(),
  /** Of tasks that somebody should answer: the right agent was chosen. */
  accuracy: Share.nullable(),
  macroF1: Share.nullable(),
  /** Of all tasks: the right agent, or rightly the fallback. */
  accuracyWithFallback: Share,
  /** Of all tasks: an agent was chosen. */
  coverage: Share,
  /** How well the confidence tells tasks for somebody from tasks for nobody; null without both kinds. */
  outOfScopeAuroc: Share.nullable(),
  /** Confusion: wanted → chosen → tasks; `-` is nobody. */
  confusion: z.array(z.object({ wanted: z.string(), chosen: z.string(), tasks: z.number().int() })),
  thresholds: z.array(z.object({ floor: z.number(), coverage: Share, accuracyOfChosen: Share.nullable(), accuracyWithFallback: Share })),
  suggestedFloor: z.number(),
  latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
  wrong: z.array(z.object({ task: z.string(), wanted: z.string().nullable(), chosen: z.string().nullable(), confidence: z.number().nullable() })),
})
export type Evaluation = z.infer<typeof Evaluation>

/** What another configuration would change, task by task. */
export const Comparison = z.object({
  other: Evaluation.omit({ latencyMs: true }),
  /** Tasks that only the other gets right, and that only this one does. */
  better: z.number().int(),
  worse: z.number().int(),
  /** How likely a difference like this, or larger, is by chance alone (two-sided sign test). */
  byChance: Share,
  /** Tasks that change their agent, the first 200. */
  changed: z.array(z.object({ task: z.string(), wanted: z.string().nullable(), chosen: z.string().nullable(), other: z.string().nullable() })),
})
export type Comparison = z.infer<typeof Comparison>

export const EvaluateAnswer = Evaluation.extend({ comparison: Comparison.nullable() })
export type EvaluateAnswer = z.infer<typeof EvaluateAnswer>
