// The doors of a sidecar. Nothing here depends on routes, policies or endpoints: what is edited often comes by RDS, VHDS and
// EDS, because a changed listener drains its connections.
import type { MtlsMode } from '../contracts/agent.ts'
import type { Gateway, GatewayListener } from '../contracts/gateway.ts'
import type { ProxyView } from '../contracts/mesh-state.ts'
import { NOT_BEGUN_HEADER } from './another-agent.ts'
import type { Json } from './encode.ts'
import { DNS_CACHE } from './cluster.ts'
import { mcpFilter } from './mcp.ts'
import { BOOTSTRAP_CLUSTER, INBOUND, OUTBOUND, typeUrl } from './names.ts'
import { DECIDED_HEADER, DECISION_HEADER, semanticFilter } from './semantic.ts'
import { AUDIT_RESULT, rbacFilters } from './rbac.ts'
import { corsFilter } from './route-filters.ts'
import { ADS, downstreamTls, gatewayTls } from './tls.ts'
import { faultFilter, limitFilter } from './traffic.ts'

const UPGRADES = [{ upgrade_type: 'websocket' }]
const CONNECT = { upgrade_type: 'CONNECT' }

/** A connection is renewed after a while, so that an identity that ran out or was revoked does not live on in it; streams finish. */
const CONNECTION_LIFE_MAX = '900s'

/** A client from outside that has not said what it wants by then is not waited for. */
const HEADERS_MAX = '10s'

/** A stream without a byte in either direction for this long has lost its other end. */
const STREAM_IDLE_MAX = '3600s'

/** Headers by which a caller could steer our proxies, name spans or pretend to be somebody. */
const FORGEABLE = [
  { remove_on_match: { key_matcher: { prefix: 'x-envoy-', ignore_case: true } } },
  { remove_on_match: { key_matcher: { safe_regex: { regex: 'x-heddle-(.*-)?caller' } } } },
  { remove: 'x-forwarded-client-cert' },
  { remove: DECIDED_HEADER },
  { remove: DECISION_HEADER },
]

export function compileOutboundListener(proxy: ProxyView): Json {
  return listener(OUTBOUND, 'OUTBOUND', '127.0.0.1', proxy.outboundPort, [
    {
      name: OUTBOUND,
      filters: [outboundManager(proxy)],
    },
  ])
}

/** `marks`: headers that say how a call came here, which the routes then know. */
export function outboundManager(proxy: ProxyView, marks: Json[] = []): Json {
  return connectionManager(proxy, {
    stat_prefix: OUTBOUND,
    rds: { route_config_name: OUTBOUND, config_source: ADS },
    use_remote_address: true,
    skip_xff_append: true,
    early_header_mutation_extensions: earlyMutations([...FORGEABLE, ...marks]),
    upgrade_configs: [...UPGRADES, CONNECT],
    http_filters: [
      corsFilter(),
      faultFilter(),
      semanticFilter(),
      {
        name: 'heddle.external',
        typed_config: { '@type': typeUrl('envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig'), dns_cache_config: DNS_CACHE },
      },
      router(),
    ],
  })
}

/**
 * Strict: mutual TLS alone. Permissive: plaintext as well, in a chain of its own, told apart by the first bytes. The mutual TLS
 * chain is the same in both, so that going from one to the other cuts no call that has an identity.
 */
export function compileInboundListener(proxy: ProxyView, mtls: MtlsMode, trustDomain: string): Json {
  const filters = [inboundManager(proxy)]
  const chains = [
    { name: 'mtls', filter_chain_match: { transport_protocol: 'tls' }, transport_socket: downstreamTls(trustDomain), filters },
    ...(mtls === 'permissive' ? [{ name: 'plaintext', filter_chain_match: { transport_protocol: 'raw_buffer' }, filters }] : []),
  ]
  return {
    ...listener(INBOUND, 'INBOUND', proxy.address, proxy.inboundPort, chains),
    listener_filters: [{ name: 'tls_inspector', typed_config: { '@type': typeUrl('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector') } }],
  }
}

export function compileGatewayListener(proxy: ProxyView, name: string, { spec }: Gateway, { port, tls }: GatewayListener): Json {
  return listener(name, 'INBOUND', spec.addresses[0]?.value ?? '127.0.0.1', port, [
    {
      name,
      ...(tls ? { transport_socket: gatewayTls(tls.certificateRefs.map((certificate) => certificate.name)) } : {}),
      filters: [
        connectionManager(proxy, {
          stat_prefix: 'gateway',
          rds: { route_config_name: name, config_source: ADS },
          use_remote_address: true,
          forward_client_cert_details: 'SANITIZE',
          request_headers_timeout: HEADERS_MAX,
          early_header_mutation_extensions: earlyMutations(FORGEABLE),
          ...STRICT_PATHS,
          upgrade_configs: UPGRADES,
          http_filters: [corsFilter(), faultFilter(), router()],
        }),
      ],
    },
  ])
}

/** Paths as the agent would read them, so that a rule for /admin cannot be passed by /x/../admin or %2f. */
const STRICT_PATHS = { normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: 'REJECT_REQUEST' }

/** The sidecar is there and its agent is not: no connection came about, so the caller may ask another (another-agent.ts). */
const AGENT_UNREACHED = { filter: { response_flag_filter: { flags: ['UF'] } }, headers_to_add: [{ header: { key: NOT_BEGUN_HEADER, value: 'true' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }] }

function inboundManager(proxy: ProxyView): Json {
  return connectionManager(proxy, {
    stat_prefix: INBOUND,
    rds: { route_config_name: INBOUND, config_source: ADS },
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { uri: true },
    use_remote_address: true,
    // x-forwarded-client-cert is not removed here: SANITIZE_SET replaces it, and would add to nothing else.
    early_header_mutation_extensions: earlyMutations(FORGEABLE.slice(0, 2)),
    ...STRICT_PATHS,
    common_http_protocol_options: { max_connection_duration: CONNECTION_LIFE_MAX },
    upgrade_configs: [...UPGRADES, CONNECT],
    local_reply_config: { mappers: [AGENT_UNREACHED] },
    http_filters: [mcpFilter(), ...rbacFilters(), limitFilter(), router()],
  })
}

function listener(name: string, traffic_direction: string, address: string, port: number, filter_chains: Json[]): Json {
  return { name, traffic_direction, address: { socket_address: { address, port_value: port } }, filter_chains }
}

function connectionManager(proxy: ProxyView, options: Json): Json {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': typeUrl('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
      ...options,
      http2_protocol_options: { allow_connect: true },
      server_header_transformation: 'PASS_THROUGH',
      stream_idle_timeout: STREAM_IDLE_MAX,
      tracing: tracing(proxy),
    },
  }
}

function earlyMutations(mutations: Json[]): Json[] {
  return [
    {
      name: 'envoy.http.early_header_mutation.header_mutation',
      typed_config: { '@type': typeUrl('envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation'), mutations },
    },
  ]
}

function router(): Json {
  return { name: 'envoy.filters.http.router', typed_config: { '@type': typeUrl('envoy.extensions.filters.http.router.v3.Router'), suppress_envoy_headers: true } }
}

/** Query strings carry secrets often: the URL tag is cut after its first character, and the path without the query is a tag of its own. */
function tracing(proxy: ProxyView): Json {
  return {
    spawn_upstream_span: true,
    random_sampling: { value: 100 },
    max_path_tag_length: 1,
    custom_tags: [
      { tag: 'heddle.caller', value: '%DOWNSTREAM_PEER_URI_SAN%' },
      { tag: 'heddle.callee', value: '%UPSTREAM_PEER_URI_SAN%' },
      { tag: 'heddle.route', value: '%ROUTE_NAME%' },
      { tag: 'heddle.decision', value: `%REQ(${DECISION_HEADER})%` },
      { tag: 'url.path', value: '%PATH(NQ:PATH)%' },
      { tag: 'server.address', value: '%REQ(:AUTHORITY)%' },
      // Who refused a call, and which policy: `rbac_access_denied_matched_policy[default/only-researcher/0]`.
      { tag: 'heddle.verdict', value: '%RESPONSE_CODE_DETAILS%' },
      { tag: 'heddle.audit', value: AUDIT_RESULT },
    ],
    provider: {
      name: 'envoy.tracers.opentelemetry',
      typed_config: {
        '@type': typeUrl('envoy.config.trace.v3.OpenTelemetryConfig'),
        grpc_service: { envoy_grpc: { cluster_name: BOOTSTRAP_CLUSTER.otlp }, timeout: '5s' },
        service_name: proxy.agent,
        resource_detectors: [
          {
            name: 'envoy.tracers.opentelemetry.resource_detectors.static_config',
            typed_config: {
              '@type': typeUrl('envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig'),
              attributes: { 'service.namespace': proxy.namespace, 'service.version': proxy.version, 'service.instance.id': proxy.id, 'heddle.proxy': 'true' },
            },
          },
        ],
      },
    },
  }
}
