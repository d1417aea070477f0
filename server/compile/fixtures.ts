// Meshes for tests, built from objects as an operator would write them.
import { Agent, AgentVersion } from '../contracts/agent.ts'
import { AgentRoute } from '../contracts/agent-route.ts'
import { AuthorizationPolicy } from '../contracts/authorization-policy.ts'
import { EgressPolicy } from '../contracts/egress-policy.ts'
import { ExternalService } from '../contracts/external-service.ts'
import { Gateway } from '../contracts/gateway.ts'
import { GRPCRoute } from '../contracts/grpc-route.ts'
import { HTTPRoute } from '../contracts/http-route.ts'
import type { Instance, MeshState, ProxyView } from '../contracts/mesh-state.ts'
import { GATEWAY_API, HEDDLE_API } from '../contracts/meta.ts'
import { PeerAuthentication } from '../contracts/peer-authentication.ts'
import { TrafficPolicy } from '../contracts/traffic-policy.ts'

export function agent(name: string, spec: Record<string, unknown> = {}, namespace = 'default'): Agent {
  return Agent.parse({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name, namespace }, spec })
}

export function agentVersion(agentName: string, version: string, namespace = 'default'): AgentVersion {
  return AgentVersion.parse({ apiVersion: HEDDLE_API, kind: 'AgentVersion', metadata: { name: `${agentName}-${version}`, namespace }, spec: { agent: agentName, version } })
}

export function route(name: string, spec: Record<string, unknown>, namespace = 'default'): HTTPRoute {
  return HTTPRoute.parse({ apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name, namespace }, spec })
}

/** A route of the agent's own name that splits its calls over versions. */
export function split(agentName: string, weights: Record<string, number>): HTTPRoute {
  const backendRefs = Object.entries(weights).map(([version, weight]) => ({ kind: 'AgentVersion', name: `${agentName}-${version}`, weight }))
  return route(agentName, { parentRefs: [{ kind: 'Agent', name: agentName }], rules: [{ backendRefs }] })
}

export function gateway(name: string, agentName: string, listeners: unknown[], namespace = 'default'): Gateway {
  return Gateway.parse({
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: { listeners, infrastructure: { parametersRef: { group: 'heddle.dev', kind: 'Agent', name: agentName } } },
  })
}

export function policy(name: string, spec: Record<string, unknown>, namespace = 'default'): AuthorizationPolicy {
  return AuthorizationPolicy.parse({ apiVersion: HEDDLE_API, kind: 'AuthorizationPolicy', metadata: { name, namespace }, spec })
}

export function agentRoute(name: string, spec: Record<string, unknown>, namespace = 'default'): AgentRoute {
  return AgentRoute.parse({ apiVersion: HEDDLE_API, kind: 'AgentRoute', metadata: { name, namespace }, spec })
}

export function instance(agentName: string, version: string, port: number, more: Partial<Instance> = {}): Instance {
  return {
    id: `${agentName}-${version}-${port}`,
    namespace: 'default',
    agent: agentName,
    version,
    address: '127.0.0.1',
    port,
    zone: '',
    labels: {},
    weight: 1,
    tls: true,
    source: 'sidecar',
    ...more,
  }
}

export function meshState(parts: Partial<MeshState>): MeshState {
  return { mesh: 'local', trustDomain: 'mesh.test', revision: 1, agents: [], versions: [], routes: [], grpcRoutes: [], gateways: [], policies: [], peerAuthentications: [], trafficPolicies: [], agentRoutes: [], probes: [], externalServices: [], egressPolicies: [], objectives: [], signedAgents: [], instances: [], revoked: [], ...parts }
}

export function proxyView(agentName: string, more: Partial<ProxyView> = {}): ProxyView {
  return {
    id: `${agentName}-1`,
    namespace: 'default',
    agent: agentName,
    version: 'v1',
    address: '127.0.0.1',
    inboundPort: 15_006,
    outboundPort: 15_001,
    agentTarget: { port: 9000 },
    transparent: null,
    zone: '',
    ...more,
  }
}

export function grpcRoute(name: string, spec: Record<string, unknown>, namespace = 'default'): GRPCRoute {
  return GRPCRoute.parse({ apiVersion: GATEWAY_API, kind: 'GRPCRoute', metadata: { name, namespace }, spec })
}

export function trafficPolicy(name: string, spec: Record<string, unknown>, namespace = 'default'): TrafficPolicy {
  return TrafficPolicy.parse({ apiVersion: HEDDLE_API, kind: 'TrafficPolicy', metadata: { name, namespace }, spec })
}

export function peerAuthentication(name: string, spec: Record<string, unknown>, namespace = 'default'): PeerAuthentication {
  return PeerAuthentication.parse({ apiVersion: HEDDLE_API, kind: 'PeerAuthentication', metadata: { name, namespace }, spec })
}

export function externalService(name: string, spec: Record<string, unknown>, namespace = 'default'): ExternalService {
  return ExternalService.parse({ apiVersion: HEDDLE_API, kind: 'ExternalService', metadata: { name, namespace }, spec })
}

export function egressPolicy(name: string, spec: Record<string, unknown>, namespace = 'default'): EgressPolicy {
  return EgressPolicy.parse({ apiVersion: HEDDLE_API, kind: 'EgressPolicy', metadata: { name, namespace }, spec })
}
