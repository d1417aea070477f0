// Calls that say what they need rather than whom: by capability, or by what the task says. docs/agents.md
import { z } from 'zod'
import { DnsLabel, VersionName } from './ids.ts'
import { GROUP, HEDDLE_API, ObjectMeta } from './meta.ts'

export const AgentRef = z.strictObject({ group: z.literal(GROUP).default(GROUP), kind: z.literal('Agent').default('Agent'), namespace: DnsLabel.optional(), name: DnsLabel })
export type AgentRef = z.infer<typeof AgentRef>

/** A name under `.mesh`, such as `ask.mesh` or `capability.translate.mesh`. */
const MeshName = z.string().max(253).regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.){1,8}mesh$/, 'a name that ends in .mesh')

/** Every condition that is written must hold. */
export const Requirement = z.strictObject({
  /** An id of `Agent.spec.capabilities`; for an MCP server the name of a tool. */
  capability: z.string().min(1).max(128).optional(),
  /** All of them, on the capability named above, or on any one. */
  tags: z.array(z.string().min(1).max(64)).max(32).default([]),
  inputModes: z.array(z.string().min(1).max(128)).max(32).default([]),
  outputModes: z.array(z.string().min(1).max(128)).max(32).default([]),
  /** Any of them; all versions when empty. */
  versions: z.array(VersionName).max(32).default([]),
  owner: z.string().min(1).max(256).optional(),
  /** At most this `Agent.spec.price`; an agent without a price does not fit. */
  priceMax: z.number().min(0).max(1e9).optional(),
  /** `mtls`: every instance behind a sidecar. `signedCard`: the newest card carries a signature that was verified. */
  trust: z.array(z.enum(['mtls', 'signedCard'])).max(2).default([]),
})
export type Requirement = z.infer<typeof Requirement>

/** How much each measure counts in a score; similarity is what the others are weighed against. */
export const BlendWeights = z.strictObject({
  similarity: z.number().min(0).max(10).default(1),
  health: z.number().min(0).max(10).default(0.1),
  load: z.number().min(0).max(10).default(0.05),
  latency: z.number().min(0).max(10).default(0),
  price: z.number().min(0).max(10).default(0),
})
export type BlendWeights = z.infer<typeof BlendWeights>

const BLEND_DEFAULT = { similarity: 1, health: 0.1, load: 0.05, latency: 0, price: 0 }

export const SemanticRule = z.strictObject({
  /** `shadow` decides and records, and routes as if it were off. */
  mode: z.enum(['off', 'shadow', 'enforce']).default('enforce'),
  /** Similarity (-1..1) below which nobody is chosen, and how far the best must be ahead of the next agent. */
  floor: z.number().min(-1).max(1).default(0.3),
  margin: z.number().min(0).max(1).default(0),
  weights: BlendWeights.default(BLEND_DEFAULT),
  /** `conversation`: later messages of one context id go where its first went. */
  stickiness: z.enum(['conversation', 'none']).default('conversation'),
  /** Task text is kept with the decision. Off, only its hash is. */
  storeText: z.boolean().default(false),
})
export type SemanticRule = z.infer<typeof SemanticRule>

export const AgentRouteSpec = z.strictObject({
  /** Names that callers use, besides `NAME.NAMESPACE.route.mesh`. With a required capability and none here: `capability.ID.mesh`. */
  hostnames: z.array(MeshName).max(16).default([]),
  require: Requirement.default({ tags: [], inputModes: [], outputModes: [], versions: [], trust: [] }),
  /** Only these agents, in order of preference; every agent that fits when empty. */
  candidates: z.array(AgentRef).max(256).default([]),
  /** `instances`: by ready instances; `even`: agents alike; `price`: the cheapest that is up; `preference`: the first of the candidates that is up. */
  strategy: z.enum(['instances', 'even', 'price', 'preference']).default('instances'),
  /** Who answers when nobody fits, or the content decides for nobody. Without one such a call is refused with 503. */
  fallback: AgentRef.optional(),
  /** Chooses among the candidates by what the task says. */
  semantic: SemanticRule.optional(),
})
export type AgentRouteSpec = z.infer<typeof AgentRouteSpec>

export const AgentRoute = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('AgentRoute'),
  metadata: ObjectMeta.extend({ name: DnsLabel }),
  spec: AgentRouteSpec,
  status: z.unknown().optional(),
})
export type AgentRoute = z.infer<typeof AgentRoute>
