import { isIP } from 'node:net'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { AgentProtocol } from '../contracts/agent.ts'
import type { ProxyView } from '../contracts/mesh-state.ts'
import type { Version } from '../mesh/reach.ts'
import type { TrafficRules } from '../mesh/traffic-policy.ts'
import type { Json } from './encode.ts'
import { compileEndpoints } from './endpoints.ts'
import { CLUSTER, clusterName, meshHost, statName, typeUrl } from './names.ts'
import { seconds } from './route-limits.ts'
import { ADS, upstreamTls } from './tls.ts'
import { compileBreaker, compileConnectionLife, compileSpreading } from './traffic.ts'

const KEEPALIVE = { interval: '30s', timeout: '5s' }

/**
 * Idle connections to an agent are dropped before the agent does it (5 s in Node and uvicorn, 2 s in gunicorn): a call written
 * into a connection that the agent is closing would fail.
 */
const LOCAL_IDLE_TIMEOUT = '1s'

export interface VersionClusterOptions {
  trustDomain: string
  protocol: AgentProtocol
  rules: TrafficRules
  /** A route keeps sessions with its instances. */
  sticky: boolean
}

/** One version of an agent, as every caller sees it. Mutual TLS wherever a sidecar answers; plaintext for instances listed by hand. */
export function compileVersionCluster(version: Version, { trustDomain, protocol, rules, sticky }: VersionClusterOptions): Json {
  const name = clusterName(version)
  const plaintext = version.instances.filter((instance) => !instance.tls).length
  const kind = plaintext === 0 ? 'tls' : plaintext === version.instances.length ? 'plaintext' : 'mixed'
  const http2 = kind === 'tls' || protocol === 'grpc' // one protocol a cluster: instances listed by hand rarely speak HTTP/2 in plaintext
  const tls = upstreamTls(meshHost({ name: version.agent, namespace: version.namespace }), spiffeIdOf(trustDomain, version.namespace, version.agent), http2 ? 'h2' : 'http/1.1')
  return {
    name,
    alt_stat_name: statName(name),
    connect_timeout: rules.connections?.connectTimeout ? seconds(rules.connections.connectTimeout) : '2s',
    ...compileSpreading(rules, sticky),
    ...endpointSource(version),
    ...(kind === 'plaintext' ? {} : { transport_socket: tls }),
    ...(kind === 'mixed' ? { transport_socket_matches: [{ name: 'plaintext', match: { plaintext: true }, transport_socket: RAW_BUFFER }] } : {}),
    typed_extension_protocol_options: httpOptions({ ...compileConnectionLife(rules.connections), explicit_http_config: http2 ? http2Options(rules) : { http_protocol_options: {} } }),
  }
}

function http2Options({ connections }: TrafficRules): Json {
  const keepalive = connections?.keepalive ? { interval: seconds(connections.keepalive.interval), timeout: seconds(connections.keepalive.timeout) } : KEEPALIVE
  return { http2_protocol_options: { allow_connect: true, connection_keepalive: keepalive } }
}

const RAW_BUFFER = { name: 'envoy.transport_sockets.raw_buffer', typed_config: { '@type': typeUrl('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer') } }

/** A listed host name is resolved by Envoy itself; addresses come by EDS, which disturbs no connection when it changes. */
function endpointSource(version: Version): Json {
  if (version.instances.every((instance) => isIP(instance.address))) return { type: 'EDS', eds_cluster_config: { eds_config: ADS } }
  return { type: 'STRICT_DNS', dns_lookup_family: 'V4_PREFERRED', load_assignment: compileEndpoints(version) }
}

/** True when the cluster's endpoints travel on their own. */
export function usesEds(version: Version): boolean {
  return version.instances.every((instance) => isIP(instance.address))
}

/** The agent behind the sidecar, on loopback or a Unix socket. */
export function compileLocalCluster(proxy: ProxyView, protocol: AgentProtocol): Json {
  const address = 'socket' in proxy.agentTarget ? { pipe: { path: proxy.agentTarget.socket } } : loopback(proxy.agentTarget.port)
  const http = protocol === 'grpc' ? { http2_protocol_options: { allow_connect: true } } : { http_protocol_options: {} }
  return staticCluster(CLUSTER.local, address, { common_http_protocol_options: { idle_timeout: LOCAL_IDLE_TIMEOUT }, explicit_http_config: http })
}

/** Back into the outbound listener: where a CONNECT to a mesh name ends, so that the request inside is routed by its own Host. */
export function compileLoopCluster(proxy: ProxyView): Json {
  return staticCluster(CLUSTER.loop, loopback(proxy.outboundPort), { explicit_http_config: { http_protocol_options: {} } })
}

function staticCluster(name: string, address: Json, http: Json): Json {
  return {
    name,
    alt_stat_name: name,
    type: 'STATIC',
    connect_timeout: '1s',
    circuit_breakers: compileBreaker(),
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    typed_extension_protocol_options: httpOptions(http),
  }
}

/** Whatever an agent calls outside the mesh, by the name it asked for. */
export function compileExternalCluster(): Json {
  return {
    name: CLUSTER.external,
    alt_stat_name: CLUSTER.external,
    connect_timeout: '5s',
    lb_policy: 'CLUSTER_PROVIDED',
    circuit_breakers: compileBreaker(),
    cluster_type: {
      name: 'envoy.clusters.dynamic_forward_proxy',
      typed_config: { '@type': typeUrl('envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig'), dns_cache_config: DNS_CACHE },
    },
  }
}

/** Whatever an agent calls outside the mesh, where its connection was going before it was intercepted. */
export function compileDirectCluster(): Json {
  return {
    name: CLUSTER.direct,
    alt_stat_name: CLUSTER.direct,
    type: 'ORIGINAL_DST',
    connect_timeout: '5s',
    lb_policy: 'CLUSTER_PROVIDED',
    circuit_breakers: compileBreaker(),
    typed_extension_protocol_options: httpOptions({ use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} } }),
  }
}

/** The cluster and the filter that feeds it must name the same cache. */
export const DNS_CACHE = { name: CLUSTER.external, dns_lookup_family: 'V4_PREFERRED', max_hosts: 4096 }

function loopback(port: number): Json {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}

/** `typed_extension_protocol_options` of a cluster. */
export function httpOptions(options: Json): Json {
  const type = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  return { [type]: { '@type': typeUrl(type), ...options } }
}
