// Names that the compiler, the push and the telemetry all rely on (docs/architecture.md, "Names").
import type { Version } from '../mesh/reach.ts'

export const TYPE = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  routes: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  virtualHost: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
} as const
export type TypeUrl = (typeof TYPE)[keyof typeof TYPE]

/** The type URL of an extension's configuration, for `@type`. */
export const typeUrl = (name: string) => `type.googleapis.com/${name}`

/** Clusters of the sidecar's own bootstrap. */
export const BOOTSTRAP_CLUSTER = { sidecar: 'heddle-sidecar', card: 'heddle-sidecar-card', otlp: 'heddle-otlp' } as const

/** The agent behind the sidecar; the way back into the outbound listener; the world outside the mesh, by name and at the address that the agent meant. */
export const CLUSTER = { local: 'local', loop: 'outbound-loop', external: 'external', direct: 'external-direct' } as const

export const SECRET = { identity: 'identity', trust: 'trust' } as const

/** No slash, so that it is never an agent's; `tls` is the one to which this side speaks TLS. */
export function externalClusterName({ namespace, name }: { namespace: string; name: string }, form: 'plain' | 'tls'): string {
  return `${CLUSTER.external}.${name}.${namespace}${form === 'tls' ? '.tls' : ''}`
}

export const OUTBOUND = 'outbound'
export const INBOUND = 'inbound'
export const TRANSPARENT = 'outbound-transparent'
export const TRANSPARENT_DNS = 'outbound-dns'

export function clusterName(version: Pick<Version, 'namespace' | 'agent' | 'version'>): string {
  return `${version.namespace}/${version.agent}/${version.version}`
}

/** Envoy splits stat names at dots, so a version's dots become underscores there; `_` occurs in no name of ours. */
export function statName(cluster: string): string {
  return cluster.replaceAll('.', '_')
}

export function meshHost(agent: { name: string; namespace: string }): string {
  return `${agent.name}.${agent.namespace}.mesh`
}

export function gatewayName(namespace: string, gateway: string, listener: string): string {
  return `gateway/${namespace}/${gateway}/${listener}`
}
