// What a gRPC client gets that reads xDS itself, without an Envoy: the names, routes, versions and instances that its agent's sidecar
// would have, in the fields that gRPC reads. What gRPC cannot do is left out, or fails as UNAVAILABLE rather than go elsewhere.
// https://github.com/grpc/proposal: A27 and A28 (routing), A29 (TLS), A31 (deadlines), A32 (breakers), A42 (hashing), A44 (retries).
import type { Agent } from '../contracts/agent.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState, ProxyView } from '../contracts/mesh-state.ts'
import { refOf } from '../contracts/object.ts'
import { reachableAgents, versionsOf, type Version } from '../mesh/reach.ts'
import { isSticky, trafficRulesOf, type TrafficRules } from '../mesh/traffic-policy.ts'
import { usesEds } from './cluster.ts'
import { compileEndpoints, type Nearby } from './endpoints.ts'
import { encodeResource, type Json, type Resource } from './encode.ts'
import { clusterName, meshHost, SECRET, TYPE, typeUrl } from './names.ts'
import { compileVirtualHost, virtualHostObject } from './outbound.ts'
import { escapeRe2 } from './route-filters.ts'
import { ADS } from './tls.ts'
import { compileBreaker } from './traffic.ts'

/** The certificate provider that the client's bootstrap has to name. */
export const CERTIFICATE_PROVIDER = 'heddle'

/** A cluster of nobody: whose call leads there hears UNAVAILABLE at once, where a name that is not there is waited for. */
const NOWHERE = 'nowhere'

type Caller = Pick<ProxyView, 'namespace' | 'zone'>

const bySight = new WeakMap<MeshState, Map<string, Resource[]>>()

/** One listener a name, one route configuration an agent, one cluster with its endpoints a version; agents that speak TCP have none. */
export function compileProxyless(state: MeshState, { namespace, zone }: Caller): Resource[] {
  const known = bySight.get(state) ?? new Map<string, Resource[]>()
  bySight.set(state, known)
  const key = `${namespace} ${zone}`
  let found = known.get(key)
  if (!found) {
    const agents = reachableAgents(state, namespace).filter((agent) => agent.spec.protocol !== 'tcp')
    known.set(key, (found = [...nowhere(), ...agents.flatMap((agent) => agentResources(state, agent, { namespace, zone }))]))
  }
  return found
}

function nowhere(): Resource[] {
  const encode = (type: Resource['typeUrl'], json: Json) => encodeResource({ typeUrl: type, name: NOWHERE, scope: 'grpc', json: { '@type': type, ...json }, object: null })
  return [encode(TYPE.cluster, { name: NOWHERE, type: 'EDS', eds_cluster_config: { eds_config: ADS }, lb_policy: 'ROUND_ROBIN' }), encode(TYPE.endpoints, { cluster_name: NOWHERE })]
}

function agentResources(state: MeshState, agent: Agent, { namespace, zone }: Caller): Resource[] {
  const host = compileVirtualHost(state, agent, namespace)
  const domains = host['domains'] as string[] // as compileVirtualHost makes them
  const routes = meshHost(agent.metadata)
  const object = virtualHostObject(state, agent)
  const rules = trafficRulesOf(state, agent)
  const nearby = rules.locality && { zone, locality: rules.locality }
  const encode = (type: Resource['typeUrl'], name: string, scope: string, json: Json, of = refOf(agent)) => encodeResource({ typeUrl: type, name, scope, json: { '@type': type, ...json }, object: of })
  return [
    ...domains.map((name) => encode(TYPE.listener, name, namespace, compileApiListener(name, routes), object)),
    encode(TYPE.routes, routes, namespace, { name: routes, virtual_hosts: [{ name: routes, domains, routes: compileForGrpc(host['routes'] as Json[]) }] }, object),
    ...versionsOf(state, agent).filter(usesEds).map(withOneSecurity).flatMap((version) => [
      encode(TYPE.cluster, clusterName(version), 'grpc', compileCluster(version, state.trustDomain, rules, isSticky(state, agent))),
      encode(TYPE.endpoints, clusterName(version), nearby ? `grpc zone ${zone}` : 'grpc', compileWeighted(version, nearby)),
    ]),
  ]
}

function compileApiListener(name: string, routes: string): Json {
  const router = { name: 'router', typed_config: { '@type': typeUrl('envoy.extensions.filters.http.router.v3.Router') } }
  const type = typeUrl('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager')
  return { name, api_listener: { api_listener: { '@type': type, rds: { route_config_name: routes, config_source: ADS }, http_filters: [router] } } }
}

/** A gRPC call is a POST without a query; CONNECT never comes this way. */
function compileForGrpc(routes: readonly Json[]): Json[] {
  return routes.flatMap((route) => {
    const match = matchOf(route['match'] as Json)
    return match ? [{ name: route['name'], match, route: actionOf(route['route'] as Json | undefined) }] : []
  })
}

function matchOf({ path, prefix, path_separated_prefix: segments, safe_regex, headers = [], connect_matcher, query_parameters }: Json): Json | null {
  if (connect_matcher || query_parameters) return null
  const wanted = headers as Json[]
  const method = wanted.find((header) => header['name'] === ':method')?.['string_match'] as Json | undefined
  if (method && method['exact'] !== 'POST') return null
  const others = wanted.filter((header) => header['name'] !== ':method')
  const where = typeof segments === 'string' ? { safe_regex: { regex: `${escapeRe2(segments)}(/.*)?` } } : safe_regex ? { safe_regex } : path ? { path } : { prefix }
  return { ...where, ...(others.length > 0 ? { headers: others } : {}) }
}

/** Answers and redirects of a sidecar's own have no like in gRPC. */
function actionOf(action: Json | undefined): Json {
  if (!action) return { cluster: NOWHERE }
  const weighted = action['weighted_clusters'] as { clusters: Json[] } | undefined
  const hashes = ((action['hash_policy'] ?? []) as Json[]).filter((hash) => hash['header'])
  const timeout = action['timeout']
  const retry = retryOf(action['retry_policy'] as Json | undefined)
  return {
    ...(weighted ? { weighted_clusters: { clusters: weighted.clusters.map((one) => ({ name: one['host_rewrite_literal'] ? NOWHERE : one['name'], weight: one['weight'] })) } } : { cluster: action['cluster'] }),
    ...(typeof timeout === 'string' && timeout !== '0s' ? { max_stream_duration: { max_stream_duration: timeout } } : {}),
    ...(hashes.length > 0 ? { hash_policy: hashes } : {}),
    ...(retry ? { retry_policy: retry } : {}),
  }
}

/** HTTP codes that gRPC reads as UNAVAILABLE. https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const UNAVAILABLE = [429, 502, 503, 504]

function retryOf(policy: Json | undefined): Json | null {
  const codes = (policy?.['retriable_status_codes'] ?? []) as number[]
  if (!policy || !codes.some((code) => UNAVAILABLE.includes(code))) return null
  const { num_retries, retry_back_off } = policy
  return { retry_on: 'unavailable', num_retries, ...(retry_back_off ? { retry_back_off } : {}) }
}

/** gRPC speaks to a whole cluster with or without TLS: where any instance has an identity, those that have none are left out. */
function withOneSecurity(version: Version): Version {
  const secure = version.instances.filter((instance) => instance.tls)
  return secure.length > 0 ? { ...version, instances: secure } : version
}

function compileCluster(version: Version, trustDomain: string, rules: TrafficRules, sticky: boolean): Json {
  const policy = rules.loadBalancer?.policy
  const hashed = policy ? policy === 'RingHash' || policy === 'Maglev' : sticky
  const plaintext = version.instances.some((instance) => !instance.tls)
  return {
    name: clusterName(version),
    type: 'EDS',
    eds_cluster_config: { eds_config: ADS },
    lb_policy: hashed ? 'RING_HASH' : 'ROUND_ROBIN',
    circuit_breakers: compileBreaker(rules.circuitBreaker),
    ...(plaintext ? {} : { transport_socket: mutualTls(spiffeIdOf(trustDomain, version.namespace, version.agent)) }),
  }
}

function mutualTls(peer: string): Json {
  const from = (certificate_name: string) => ({ instance_name: CERTIFICATE_PROVIDER, certificate_name })
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
      common_tls_context: {
        tls_certificate_provider_instance: from(SECRET.identity),
        validation_context: { ca_certificate_provider_instance: from(SECRET.trust), match_subject_alt_names: [{ exact: peer }] }, // gRPC reads no other SAN field
      },
    },
  }
}

/** To gRPC a place without a weight has none: each weighs what its instances do. */
function compileWeighted(version: Version, nearby: Nearby | undefined): Json {
  const { endpoints, ...rest } = compileEndpoints(version, nearby)
  const places = endpoints as { lb_endpoints: { load_balancing_weight: number }[] }[] // as compileEndpoints makes them
  return { ...rest, endpoints: places.map((place) => ({ ...place, load_balancing_weight: place.lb_endpoints.reduce((sum, { load_balancing_weight }) => sum + load_balancing_weight, 0) })) }
}
