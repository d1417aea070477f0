import { z } from 'zod'
import { DnsLabel, VersionName } from './ids.ts'
import { HEDDLE_API, ObjectMeta } from './meta.ts'

export const AgentProtocol = z.enum(['a2a', 'mcp', 'http', 'grpc', 'tcp'])
export type AgentProtocol = z.infer<typeof AgentProtocol>

export const AgentType = z.enum(['agent', 'tool', 'model'])
export type AgentType = z.infer<typeof AgentType>

export const Capability = z.strictObject({
  id: z.string().min(1).max(128),
  name: z.string().max(256).default(''),
  description: z.string().max(4096).default(''),
  tags: z.array(z.string().max(64)).max(64).default([]),
  examples: z.array(z.string().max(2048)).max(64).default([]),
  inputModes: z.array(z.string().max(128)).max(32).default([]),
  outputModes: z.array(z.string().max(128)).max(32).default([]),
})
export type Capability = z.infer<typeof Capability>

/** Permissive takes mTLS and plaintext on one port (the way in); strict takes mTLS alone. */
export const MtlsMode = z.enum(['strict', 'permissive'])
export type MtlsMode = z.infer<typeof MtlsMode>

/** Where control reads what an agent says of itself: an A2A card, or an MCP server's tools. */
export const DiscoverySource = z.strictObject({
  kind: z.enum(['a2a', 'mcp']).default('a2a'),
  /** The card itself, or the agent's origin; of an MCP server its endpoint. */
  url: z.url({ protocol: /^https?$/ }).max(2048),
  everySeconds: z.number().int().min(5).max(86_400).default(60),
  /** Name of a setting `HEDDLE_CREDENTIAL_NAME` of control, sent as `Authorization`; its value is never stored. */
  credential: z.string().regex(/^[A-Z0-9_]{1,64}$/, 'upper-case letters, digits and “_”').optional(),
})
export type DiscoverySource = z.infer<typeof DiscoverySource>

/** An IP address or a host name, never the path of a socket. */
const Address = z.union([z.ipv4(), z.ipv6(), z.string().max(253).regex(/^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, 'an IP address or a host name')], { error: 'an IP address or a host name' })

/** An address that no sidecar announces: an agent without a sidecar, reached in plaintext. */
export const StaticInstance = z.strictObject({
  address: Address,
  port: z.number().int().min(1).max(65535),
  version: VersionName.default('v1'),
  weight: z.number().int().min(1).max(1000).default(1),
})

export const AgentSpec = z.strictObject({
  type: AgentType.default('agent'),
  protocol: AgentProtocol.default('http'),
  description: z.string().max(4096).default(''),
  owner: z.string().max(256).default(''),
  capabilities: z.array(Capability).max(1000).default([]),
  /** Of one call, in any unit that the mesh agrees on. */
  price: z.number().min(0).max(1e9).optional(),
  discovery: DiscoverySource.optional(),
  mtls: MtlsMode.default('strict'),
  /** Namespaces that may reach this agent besides its own; `*` is every one. */
  exportTo: z.array(z.union([DnsLabel, z.literal('*')])).max(256).default(['*']),
  instances: z.array(StaticInstance).max(1000).default([]),
})
export type AgentSpec = z.infer<typeof AgentSpec>

export const Agent = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('Agent'),
  metadata: ObjectMeta.extend({ name: DnsLabel }),
  spec: AgentSpec,
  status: z.unknown().optional(),
})
export type Agent = z.infer<typeof Agent>

/** Read-only: made when the first instance of a version registers; a route's backendRef names it. */
export const AgentVersion = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('AgentVersion'),
  metadata: ObjectMeta,
  spec: z.strictObject({ agent: DnsLabel, version: VersionName }),
  status: z.unknown().optional(),
})
export type AgentVersion = z.infer<typeof AgentVersion>
