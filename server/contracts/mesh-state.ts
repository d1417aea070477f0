import type { Agent, AgentVersion } from './agent.ts'
import type { AgentRoute } from './agent-route.ts'
import type { AuthorizationPolicy } from './authorization-policy.ts'
import type { EgressPolicy } from './egress-policy.ts'
import type { ExternalService } from './external-service.ts'
import type { Gateway } from './gateway.ts'
import type { GRPCRoute } from './grpc-route.ts'
import type { HealthProbe, InstanceHealth } from './health-probe.ts'
import type { HTTPRoute } from './http-route.ts'
import type { Kind, MeshObject } from './object.ts'
import type { Objective } from './objective.ts'
import type { PeerAuthentication } from './peer-authentication.ts'
import type { Transparent } from './sidecar.ts'
import type { TrafficPolicy } from './traffic-policy.ts'

/** An address that takes calls for one version of an agent now (its lease is good and it says it is ready). */
export interface Instance {
  id: string
  namespace: string
  agent: string
  version: string
  address: string
  port: number
  zone: string
  labels: Readonly<Record<string, string>>
  weight: number
  /** True when a sidecar with an identity answers there. */
  tls: boolean
  source: 'sidecar' | 'static'
  /** What its probes found; absent is ready. */
  health?: InstanceHealth
}

/** Everything that decides what a mesh does, at one revision. Pure code takes this and nothing else. */
export interface MeshState {
  mesh: string
  trustDomain: string
  revision: number
  agents: readonly Agent[]
  versions: readonly AgentVersion[]
  routes: readonly HTTPRoute[]
  grpcRoutes: readonly GRPCRoute[]
  gateways: readonly Gateway[]
  policies: readonly AuthorizationPolicy[]
  peerAuthentications: readonly PeerAuthentication[]
  trafficPolicies: readonly TrafficPolicy[]
  agentRoutes: readonly AgentRoute[]
  probes: readonly HealthProbe[]
  externalServices: readonly ExternalService[]
  egressPolicies: readonly EgressPolicy[]
  objectives: readonly Objective[]
  instances: readonly Instance[]
  /** `namespace/name` of agents whose newest card carries a verified signature. */
  signedAgents: readonly string[]
  /** SPIFFE ids refused whatever a policy says. */
  revoked: readonly string[]
}

/** A proxy as the compiler sees it. Ports are loopback unless `address` says otherwise. */
export interface ProxyView {
  id: string
  namespace: string
  agent: string
  version: string
  address: string
  inboundPort: number
  outboundPort: number
  agentTarget: { port: number } | { socket: string }
  transparent: Transparent | null
  /** Where it is, as its operator named it: `ZONE` or `REGION/ZONE`; '' when nobody said. */
  zone: string
}

/** Where a mesh's state keeps the objects of each kind. */
export const LIST_OF = {
  Agent: 'agents',
  AgentVersion: 'versions',
  HTTPRoute: 'routes',
  GRPCRoute: 'grpcRoutes',
  Gateway: 'gateways',
  AuthorizationPolicy: 'policies',
  PeerAuthentication: 'peerAuthentications',
  TrafficPolicy: 'trafficPolicies',
  AgentRoute: 'agentRoutes',
  HealthProbe: 'probes',
  ExternalService: 'externalServices',
  EgressPolicy: 'egressPolicies',
  Objective: 'objectives',
} as const satisfies Record<Kind, keyof MeshState>

type Lists = Pick<MeshState, (typeof LIST_OF)[Kind]>

/** The objects by kind, in the order they came. */
export function listsOf(objects: readonly MeshObject[]): Lists {
  const lists = Object.entries(LIST_OF).map(([kind, list]) => [list, objects.filter((object) => object.kind === kind)])
  return Object.fromEntries(lists) as Lists // each list holds the objects of its kind alone
}
