// How an agent shows that it is ready, and what a failure means. docs/agents.md
import { z } from 'zod'
import { AgentTarget, HEDDLE_API, ObjectMeta } from './meta.ts'

const Path = z.string().min(1).max(1024).startsWith('/')

/** What an answer must be. All that is written must hold. */
export const Expectation = z.strictObject({
  /** A regular expression somewhere in the answer's text; 100 ms at most. */
  regex: z.string().min(1).max(1024).optional(),
  /** A place in the JSON answer, `$.result.status`, and the text that stands there. */
  jsonPath: z.string().min(1).max(512).regex(/^\$(\.[A-Za-z_][\w-]*|\[\d+\])*$/, 'a path such as $.result.parts[0].text').optional(),
  equals: z.string().max(1024).optional(),
  /** An answer as one would give it, and how near in meaning (cosine) the agent's must come. */
  similarTo: z.string().min(1).max(2048).optional(),
  similarityMin: z.number().min(0).max(1).default(0.6),
})
export type Expectation = z.infer<typeof Expectation>

export const ProbeCheck = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('HTTP'), path: Path.default('/'), method: z.enum(['GET', 'HEAD', 'POST']).default('GET'), statuses: z.array(z.number().int().min(100).max(599)).max(32).default([200]), expect: Expectation.optional() }),
  z.strictObject({ type: z.literal('TCP') }),
  /** https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
  z.strictObject({ type: z.literal('GRPC'), service: z.string().max(256).default('') }),
  /** The card is there and is one; with `unchanged` also the one that was there first. */
  z.strictObject({ type: z.literal('A2ACard'), unchanged: z.boolean().default(false) }),
  /** `GetTask` with a random id, answered by “task not found”: proves routing, authentication and handler without cost. */
  z.strictObject({ type: z.literal('A2ATask'), path: Path.optional() }),
  /** `ping` is `server/discover` of 2026-07-28, or `initialize` and `ping` of the revisions before. */
  z.strictObject({ type: z.literal('MCP'), path: Path.default('/mcp'), operation: z.enum(['ping', 'tools']).default('ping'), tool: z.string().min(1).max(128).optional() }),
  /** Asks the agent something and judges the answer. */
  z.strictObject({ type: z.literal('Task'), protocol: z.enum(['a2a', 'http']).default('a2a'), path: Path.optional(), text: z.string().min(1).max(4096), expect: Expectation }),
])
export type ProbeCheck = z.infer<typeof ProbeCheck>

/** A number that tells how near the agent is to its limit: in a header of the probe's answer, or the sum of a metric's samples that have all these labels. */
export const Headroom = z
  .strictObject({
    header: z.string().min(1).max(128).regex(/^[A-Za-z0-9-]+$/).optional(),
    /** Read from the agent at `path` after each look, in Prometheus' text format. */
    metric: z
      .strictObject({ path: Path.default('/metrics'), name: z.string().max(256).regex(/^[A-Za-z_:][\w:]*$/, 'the name of a Prometheus metric'), labels: z.record(z.string().max(128).regex(/^[A-Za-z_]\w*$/), z.string().max(512)).default({}) })
      .optional(),
    /** Of what is left: free places, tokens, calls until a rate limit. */
    degradedBelow: z.number().optional(),
    overloadedBelow: z.number().optional(),
    /** Of what piles up: the depth of a queue. */
    degradedAbove: z.number().optional(),
    overloadedAbove: z.number().optional(),
  })
  .refine(({ header, metric }) => (header === undefined) !== (metric === undefined), 'either a header or a metric')
export type Headroom = z.infer<typeof Headroom>

export const HealthProbeSpec = z.strictObject({
  targetRefs: z.array(AgentTarget).min(1).max(256),
  check: ProbeCheck,
  /** `sidecar`: beside each instance. `control`: from the control plane, for instances without a sidecar. */
  from: z.enum(['sidecar', 'control']).default('sidecar'),
  intervalSeconds: z.number().min(0.5).max(86_400).default(10),
  timeoutSeconds: z.number().min(0.1).max(120).default(3),
  /** Share of the interval by which each probe comes earlier or later. */
  jitter: z.number().min(0).max(0.5).default(0.1),
  failureThreshold: z.number().int().min(1).max(100).default(2),
  successThreshold: z.number().int().min(1).max(100).default(1),
  /** At most so many probes of an instance in an hour, for checks that cost money. */
  perHourMax: z.number().int().min(1).max(7200).optional(),
  /** What a failing instance becomes. */
  onFailure: z.enum(['down', 'degraded']).default('down'),
  /** An agent that says it sleeps (`x-agent-state: asleep`): no calls, or calls that wake it. */
  whenAsleep: z.enum(['skip', 'wake']).default('skip'),
  headroom: Headroom.optional(),
})
export type HealthProbeSpec = z.infer<typeof HealthProbeSpec>

export const HealthProbe = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('HealthProbe'),
  metadata: ObjectMeta,
  spec: HealthProbeSpec,
  status: z.unknown().optional(),
})
export type HealthProbe = z.infer<typeof HealthProbe>

/** From best to worst; an instance is what the worst of its probes says. */
export const InstanceHealth = z.enum(['ready', 'degraded', 'overloaded', 'asleep', 'draining', 'down'])
export type InstanceHealth = z.infer<typeof InstanceHealth>

/** One look at one instance. `answer` is there only when control must judge its meaning. */
export const ProbeResult = z.strictObject({
  probe: z.string().max(320),
  ok: z.boolean(),
  /** What the agent says of itself, where it does. */
  said: InstanceHealth.nullable().default(null),
  reason: z.string().max(512).default(''),
  latencyMs: z.number().min(0),
  at: z.string().max(40),
  answer: z.string().max(4096).optional(),
})
export type ProbeResult = z.infer<typeof ProbeResult>

/** What a sidecar is told to do: a probe of its agent, by `namespace/name`. */
export const ProbeOrder = z.strictObject({ probe: z.string().max(320), spec: HealthProbeSpec })
export type ProbeOrder = z.infer<typeof ProbeOrder>
