/** What the first page and the list of agents ask: who is there, what is worst, what waits, and is the mesh itself well. */
import { z } from 'zod'
import { AgentProtocol, AgentType, Capability, MtlsMode } from './agent.ts'
import { RevisionStatus } from './status.ts'
import { GraphEdge, Health, Latency } from './telemetry.ts'

/** How far an agent has come: its spans alone → a sidecar without a stream → mTLS and plaintext → mTLS alone. */
export const AgentLevel = z.enum(['traces', 'sidecar', 'permissive', 'strict'])
export type AgentLevel = z.infer<typeof AgentLevel>

export const AgentSummary = z.object({
  /** Its node in the graph; an unknown peer has no namespace. */
  id: z.string(),
  namespace: z.string().nullable(),
  name: z.string(),
  type: z.enum([...AgentType.options, 'gateway', 'unknown']),
  protocol: AgentProtocol.nullable(),
  labels: z.record(z.string(), z.string()),
  versions: z.array(z.string()),
  level: AgentLevel,
  health: Health,
  /** Why it is in that state, in a few words. */
  why: z.string(),
  instances: z.object({ ready: z.number().int(), of: z.number().int() }),
  requests: z.number(),
  errors: z.number(),
  perSecond: z.number(),
  p95Ms: z.number().nullable(),
  /** False for a peer that telemetry has shown and nobody has registered. */
  registered: z.boolean(),
})
export type AgentSummary = z.infer<typeof AgentSummary>

export const AgentInstance = z.object({
  id: z.string(),
  version: z.string(),
  address: z.string(),
  port: z.number().int(),
  zone: z.string(),
  source: z.string(),
  state: z.string(),
  leaseUntil: z.string().nullable(),
  registeredAt: z.string(),
  /** Sentences of its sidecar. */
  warnings: z.array(z.string()),
  outboundUrl: z.string().nullable(),
})
export type AgentInstance = z.infer<typeof AgentInstance>

export const AgentDetail = AgentSummary.extend({
  from: z.string(),
  to: z.string(),
  description: z.string(),
  owner: z.string(),
  mtls: MtlsMode.nullable(),
  capabilities: z.array(Capability),
  spiffeId: z.string().nullable(),
  resourceVersion: z.string().nullable(),
  latencyMs: Latency.nullable(),
  refused: z.number(),
  received: z.array(z.object({ version: z.string(), requests: z.number(), errors: z.number() })),
  items: z.array(AgentInstance),
  callers: z.array(GraphEdge),
  callees: z.array(GraphEdge),
  policies: z.array(z.object({ namespace: z.string(), name: z.string(), action: z.enum(['Allow', 'Deny']) })),
  routes: z.array(z.object({ namespace: z.string(), name: z.string() })),
})
export type AgentDetail = z.infer<typeof AgentDetail>

/** Something that waits for a person, or that will stop working unless somebody acts. */
export const Wait = z.object({
  kind: z.enum(['alert', 'refused', 'rotation', 'certificate', 'unknown-peer', 'disconnected', 'telemetry']),
  state: z.enum(['bad', 'warn', 'idle']),
  title: z.string(),
  detail: z.string(),
  /** What it is about: a proxy, a revision, a rotation, a peer. */
  subject: z.string(),
})
export type Wait = z.infer<typeof Wait>

/** A figure of the window, the same figure of the window before, and its course. Null is not measured. */
const Signal = z.object({ now: z.number().nullable(), before: z.number().nullable(), series: z.array(z.number().nullable()) })

export const Overview = z.object({
  from: z.string(),
  to: z.string(),
  signals: z.object({ perSecond: Signal, errorShare: Signal, p95Ms: Signal, refusedPerSecond: Signal }),
  /** The edge with most of the errors. */
  worstEdge: z.object({ source: z.string(), target: z.string(), errorShare: z.number() }).nullable(),
  /** Worst first. */
  agents: z.array(AgentSummary),
  agentsTotal: z.number().int(),
  waits: z.array(Wait),
  mesh: z.object({
    proxies: z.object({ inSync: z.number().int(), of: z.number().int(), disconnected: z.number().int() }),
    /** From commit to the last acknowledgement, median of the latest revisions. */
    reachMs: z.number().nullable(),
    telemetry: z.object({ lagMs: z.number(), spansPerSecond: z.number() }).nullable(),
    /** How long the mesh runs on without control: until the first certificate that would have to be renewed ends. */
    outageBudgetMs: z.number().nullable(),
    /** Of the calls that the mesh saw. */
    authenticatedShare: z.number().nullable(),
    openEdges: z.number().int(),
    life: z.array(z.object({ name: z.string(), lifeLeft: z.number(), note: z.string() })),
    controls: z.number().int(),
  }),
  changes: z.array(z.object({ revision: z.number().int(), author: z.string(), reason: z.string(), at: z.string(), title: z.string(), state: RevisionStatus.shape.state, accepted: z.number().int(), of: z.number().int() })),
  sample: z.object({ running: z.boolean(), rate: z.number(), failureShare: z.number() }).nullable(),
})
export type Overview = z.infer<typeof Overview>
