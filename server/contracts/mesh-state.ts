import type { Agent, AgentVersion } from './agent.ts'
import type { AuthorizationPolicy } from './authorization-policy.ts'
import type { Gateway } from './gateway.ts'
import type { HTTPRoute } from './http-route.ts'

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
}

/** Everything that decides what a mesh does, at one revision. Pure code takes this and nothing else. */
export interface MeshState {
  mesh: string
  trustDomain: string
  revision: number
  agents: readonly Agent[]
  versions: readonly AgentVersion[]
  routes: readonly HTTPRoute[]
  gateways: readonly Gateway[]
  policies: readonly AuthorizationPolicy[]
  instances: readonly Instance[]
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
}
