/**
 * What a sidecar and control say to each other: unary gRPC methods of `heddle.sidecar.v1.Sidecar` on the xDS port (TLS), with
 * JSON bodies. `Enrol` is the one method open to a client without a certificate.
 */
import { z } from 'zod'
import { ProbeOrder, ProbeResult } from './health-probe.ts'
import { DnsLabel, VersionName } from './ids.ts'
import { AskedQuestion } from './proxy-question.ts'

export const SIDECAR_SERVICE = 'heddle.sidecar.v1.Sidecar'
export const SIDECAR_METHODS = { enrol: `/${SIDECAR_SERVICE}/Enrol`, renew: `/${SIDECAR_SERVICE}/Renew`, heartbeat: `/${SIDECAR_SERVICE}/Heartbeat`, leave: `/${SIDECAR_SERVICE}/Leave`, answer: `/${SIDECAR_SERVICE}/Answer` } as const

/** Time a proxy's instance stays in rotation after its last heartbeat, and how often a sidecar sends one. */
export const LEASE_MS = 6000
export const HEARTBEAT_MS = 2000

const Pem = z.string().max(65_536)

export const EnrolRequest = z.strictObject({
  /** `hdl_join_…`: single use, bound to an agent. */
  token: z.string().min(1).max(512),
  csrPem: Pem,
  proxyId: z.string().min(1).max(253).regex(/^[A-Za-z0-9._-]+$/),
  version: VersionName,
})

/** Issued identity. `chainPem` is leaf then issuing certificates; `bundlePem` every root that is trusted now. */
export const Identity = z.object({
  spiffeId: z.string(),
  trustDomain: z.string(),
  chainPem: Pem,
  bundlePem: Pem,
  serial: z.string(),
  issuerId: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
})
export type Identity = z.infer<typeof Identity>

/** Where telemetry goes; `tls` with the roots to trust, null for those of the system. */
export const OtlpDoor = z.object({ host: z.string(), port: z.number().int(), tls: z.object({ rootsPem: Pem.nullable() }).nullable().default(null) })
export type OtlpDoor = z.infer<typeof OtlpDoor>

export const EnrolResponse = z.object({
  identity: Identity,
  mesh: z.string(),
  namespace: DnsLabel,
  agent: DnsLabel,
  /** Bearer token for this proxy's own telemetry; ties what it sends to its SPIFFE id. */
  telemetryToken: z.string(),
  otlpGrpc: OtlpDoor,
  /** Every control process now alive, `host:port`. */
  controls: z.array(z.string()),
})
export type EnrolResponse = z.infer<typeof EnrolResponse>

export const RenewRequest = z.strictObject({ csrPem: Pem })
export const RenewResponse = z.object({ identity: Identity })

/** What every name of the mesh resolves to where an agent's traffic is intercepted: loopback, so that no route is needed. */
export const MESH_ADDRESS = '127.80.80.80'

/** Ports on loopback that take what the agent sends without knowing of its sidecar: its connections, and its questions for names of the mesh. */
export const Transparent = z.strictObject({ port: z.number().int().min(1).max(65535), dnsPort: z.number().int().min(1).max(65535) })
export type Transparent = z.infer<typeof Transparent>

export const HeartbeatRequest = z.strictObject({
  version: VersionName,
  state: z.enum(['starting', 'ready', 'draining', 'stopped']),
  /** Where peers reach this instance: the sidecar's inbound listener. */
  address: z.string().max(253),
  inboundPort: z.number().int().min(1).max(65535),
  outboundPort: z.number().int().min(1).max(65535),
  /** Envoy's admin interface, where the sidecar was asked for a port; else it is on a socket. */
  adminPort: z.number().int().min(1).max(65535).optional(),
  /** The agent behind: a loopback port or a Unix socket path. */
  agentTarget: z.union([z.strictObject({ port: z.number().int().min(1).max(65535) }), z.strictObject({ socket: z.string().max(107) })]),
  /** Null where the agent calls its sidecar by address. */
  transparent: Transparent.nullable().default(null),
  zone: z.string().max(253).default(''),
  labels: z.record(z.string(), z.string()).default({}),
  weight: z.number().int().min(1).max(1000).default(1),
  envoyBuild: z.string().max(64),
  /** What Envoy holds now, as it acknowledged over the sidecar's SDS: the leaf's serial and issuer, and the trusted roots. */
  holds: z.object({ serial: z.string(), issuerId: z.string(), trusts: z.array(z.string()) }).nullable(),
  /** The agent's own card as the sidecar read it, at most 256 KiB; null when it serves none. */
  card: z.unknown().nullable().optional(),
  /** Sentences for the console, e.g. "the agent's port 9000 answers beyond loopback". */
  warnings: z.array(z.string().max(512)).max(16).default([]),
  /** What its probes found since the last heartbeat, oldest first; sent only to a control that ordered probes. */
  probeResults: z.array(ProbeResult).max(256).optional(),
})
export type HeartbeatRequest = z.infer<typeof HeartbeatRequest>

export const HeartbeatResponse = z.object({
  leaseMs: z.number().int(),
  bundlePem: Pem,
  /** Ids of the roots in the bundle. */
  trusts: z.array(z.string()),
  /** True when the leaf must be renewed now (its issuer is being retired). */
  renewNow: z.boolean(),
  controls: z.array(z.string()),
  /** Where telemetry goes now. */
  otlpGrpc: OtlpDoor.optional(),
  /** Every probe that runs beside this agent now. */
  probes: z.array(ProbeOrder).default([]),
  /** What people ask of this proxy now; each is answered once, by `Answer`. */
  questions: z.array(AskedQuestion).default([]),
})
export type HeartbeatResponse = z.infer<typeof HeartbeatResponse>
