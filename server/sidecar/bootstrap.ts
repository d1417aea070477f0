// Envoy's own beginning: who it is, and its three ways to the sidecar beside it. Everything else comes over ADS.
import { statsFields } from './stats.ts'

/** Held against a flood of connections; what is over it is refused, and what runs goes on. */
const CONNECTIONS_MAX = 10_000
const OWNER_ALONE = 0o600
const ADMIN_PATHS = ['/ready', '/certs', '/clusters', '/init_dump', '/server_info', '/listeners', '/healthcheck/fail', '/drain_listeners', '/logging']

export interface BootstrapOptions {
  proxyId: string
  mesh: string
  namespace: string
  agent: string
  version: string
  zone: string
  /** A port on loopback where one was asked for, else a socket. */
  admin: { port: number } | { socket: string }
  socket: string
  cardSocket: string
}

/** Same options, same text: a sidecar adopts a running Envoy only when nothing of its beginning changed. */
export function writeBootstrap(options: BootstrapOptions): string {
  return JSON.stringify(bootstrapOf(options), null, 1)
}

function bootstrapOf(options: BootstrapOptions) {
  const { proxyId, mesh, namespace, agent, version, zone, admin, socket, cardSocket } = options
  return {
    node: { id: proxyId, cluster: `${namespace}/${agent}`, locality: { zone }, metadata: { mesh, namespace, agent, version } },
    admin: {
      address: 'port' in admin ? { socket_address: { address: '127.0.0.1', port_value: admin.port } } : { pipe: { path: admin.socket, mode: OWNER_ALONE } },
      allow_paths: [...ADMIN_PATHS.map((exact) => ({ exact })), { prefix: '/stats' }, { prefix: '/config_dump' }, { prefix: '/drain_listeners?' }, { prefix: '/clusters?' }, { prefix: '/logging?level=' }],
    },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'heddle-sidecar', retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '1s' } } } }],
      },
      cds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '15s' },
      lds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '15s' },
    },
    static_resources: { clusters: [socketCluster('heddle-sidecar', socket, 'h2'), socketCluster('heddle-otlp', socket, 'h2'), socketCluster('heddle-sidecar-card', cardSocket, 'h1')] },
    ...statsFields(options, 'heddle-otlp'),
    overload_manager: {
      refresh_interval: '0.25s',
      resource_monitors: [
        {
          name: 'envoy.resource_monitors.global_downstream_max_connections',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig', max_active_downstream_connections: CONNECTIONS_MAX },
        },
      ],
    },
  }
}

function socketCluster(name: string, path: string, protocol: 'h1' | 'h2') {
  // The pings find a sidecar that stands still, as its own pings find a frozen Envoy.
  const http = protocol === 'h2' ? { http2_protocol_options: { connection_keepalive: { interval: '5s', timeout: '2s' } } } : { http_protocol_options: {} }
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path } } } }] }] },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: http,
      },
    },
  }
}
