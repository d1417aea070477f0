// The registry: who there is, where the mesh knows it from, what it says of itself, and how well it is.
import { z } from 'zod'
import { DiscoverySource } from './agent.ts'
import { InstanceHealth } from './health-probe.ts'

export const CardChange = z.object({ what: z.string(), breaking: z.boolean() })
export const CardSignature = z.object({ state: z.enum(['none', 'verified', 'unverified']), reason: z.string() })

export const RegistryEntry = z.object({
  namespace: z.string(),
  name: z.string(),
  description: z.string(),
  owner: z.string(),
  protocol: z.string(),
  type: z.string(),
  capabilities: z.array(z.object({ id: z.string(), name: z.string(), description: z.string(), tags: z.array(z.string()), inputModes: z.array(z.string()), outputModes: z.array(z.string()) })),
  /** How the mesh knows of it: a sidecar, a static address, a card or an MCP server that is read. */
  source: z.enum(['sidecar', 'static', 'a2a', 'mcp']).nullable(),
  state: z.enum(['present', 'gone', 'never']),
  lastSeen: z.string().nullable(),
  goneAt: z.string().nullable(),
  health: z.record(InstanceHealth, z.number().int()),
  card: z.object({ number: z.number().int(), form: z.string(), signature: CardSignature, firstSeen: z.string(), lastSeen: z.string() }).nullable(),
  /** Of an agent whose card is read by control. */
  discovery: z.object({ url: z.string(), kind: z.string(), state: z.string(), reason: z.string(), checkedAt: z.string().nullable(), nextAt: z.string() }).nullable(),
  /** Cosine to the question, where one was asked. */
  likeness: z.number().nullable(),
})
export type RegistryEntry = z.infer<typeof RegistryEntry>

export const KeptCard = z.object({
  number: z.number().int(),
  source: z.string(),
  url: z.string(),
  form: z.string(),
  digest: z.string(),
  signature: CardSignature,
  /** Against the card before. */
  changes: z.array(CardChange),
  firstSeen: z.string(),
  lastSeen: z.string(),
  card: z.unknown(),
})
export type KeptCard = z.infer<typeof KeptCard>

export const CardHistory = z.object({
  items: z.array(KeptCard),
  /** Agents that called it in the last hour: whom a breaking change hits. */
  callers: z.array(z.string()),
})
export type CardHistory = z.infer<typeof CardHistory>

export const ReadCardRequest = DiscoverySource.pick({ url: true, kind: true })

export const ReadCard = z.object({ url: z.string(), form: z.string(), name: z.string(), description: z.string(), version: z.string(), signature: CardSignature, warnings: z.array(z.string()), capabilities: RegistryEntry.shape.capabilities })

export const Peer = z.object({ id: z.string(), namespace: z.string().nullable(), name: z.string(), requests: z.number(), errors: z.number(), decision: z.enum(['block']).nullable(), decidedBy: z.string().nullable() })
export type Peer = z.infer<typeof Peer>

export const ProbedInstance = z.object({
  instance: z.string(),
  namespace: z.string(),
  agent: z.string(),
  state: InstanceHealth,
  reason: z.string(),
  since: z.string(),
  probes: z.array(z.object({ probe: z.string(), state: InstanceHealth, ok: z.boolean(), inARow: z.number().int(), reason: z.string(), latencyMs: z.number(), checkedAt: z.string() })),
})
export type ProbedInstance = z.infer<typeof ProbedInstance>

export const ProbeEvent = z.object({ at: z.string(), namespace: z.string(), agent: z.string(), instance: z.string(), probe: z.string(), was: z.string(), became: z.string(), reason: z.string() })
export type ProbeEvent = z.infer<typeof ProbeEvent>
