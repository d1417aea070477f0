// The doors for what an agent sends without knowing of its sidecar. The kernel brings its connections here (`server/sidecar/intercept.ts`).
import type { ProxyView } from '../contracts/mesh-state.ts'
import { MESH_ADDRESS, type Transparent } from '../contracts/sidecar.ts'
import type { Json } from './encode.ts'
import { outboundManager } from './listener.ts'
import { CLUSTER, TRANSPARENT, TRANSPARENT_DNS, typeUrl } from './names.ts'

/** Set on every intercepted call; the routes read it, and take it off. */
export const INTERCEPTED_HEADER = 'x-heddle-intercepted'

/** A client that says nothing is waited for this long before its connection counts as none of ours to read. */
const INSPECT_MAX = '0.5s'

const inspector = (name: string, type: string): Json => ({ name, typed_config: { '@type': typeUrl(`envoy.extensions.filters.listener.${type}`) } })

/**
 * Plaintext HTTP is routed as if it had been sent to the outbound listener. TLS travels inside a CONNECT to that listener, by the name in its
 * greeting or else by its address: so it is traced as any call to the outside. Everything else goes where it was going; with `refuseBytes`
 * it ends here, for it says no host that could be allowed.
 */
export function compileTransparentListener(proxy: ProxyView, { port, refuseBytes }: Pick<Transparent, 'port'> & { refuseBytes: boolean }): Json {
  return {
    name: TRANSPARENT,
    traffic_direction: 'OUTBOUND',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    listener_filters: [
      inspector('original_dst', 'original_dst.v3.OriginalDst'),
      inspector('tls_inspector', 'tls_inspector.v3.TlsInspector'),
      inspector('http_inspector', 'http_inspector.v3.HttpInspector'),
    ],
    listener_filters_timeout: INSPECT_MAX,
    continue_on_listener_filters_timeout: true,
    filter_chains: [
      // Called by its own address it would pass everything on to itself, until no connection is left.
      { name: 'not-redirected', filter_chain_match: { destination_port: port }, filters: [refusal('this port takes redirected connections alone')] },
      {
        name: 'http',
        // Not inside TLS: that greeting may name the same protocols.
        filter_chain_match: { transport_protocol: 'raw_buffer', application_protocols: ['http/1.0', 'http/1.1', 'h2c'] },
        filters: [outboundManager(proxy, [{ append: { header: { key: INTERCEPTED_HEADER, value: '1' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } }])],
      },
      { name: 'tls', filter_chain_match: { transport_protocol: 'tls' }, filters: [tunnel()] },
      // Envoy does not come back from a chain for raw bytes of some protocols to one for any bytes: this one must say so too.
      { name: 'tcp', filter_chain_match: { transport_protocol: 'raw_buffer' }, filters: [refuseBytes ? refusal('an EgressPolicy blocks unknown hosts') : tcpProxy({ cluster: CLUSTER.direct })] },
    ],
  }
}

function refusal(why: string): Json {
  return {
    name: 'refusal',
    typed_config: { '@type': typeUrl('envoy.extensions.filters.network.direct_response.v3.Config'), response: { inline_string: `${why}\n` } },
  }
}

function tunnel(): Json {
  const name = JSON.stringify({ operators: ['REQUESTED_SERVER_NAME', 'DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT'] })
  return tcpProxy({ cluster: CLUSTER.loop, tunneling_config: { hostname: `%COALESCE(${name})%:%DOWNSTREAM_LOCAL_PORT%` } })
}

function tcpProxy(options: Json): Json {
  const type = typeUrl('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy')
  return { name: 'envoy.filters.network.tcp_proxy', typed_config: { '@type': type, stat_prefix: TRANSPARENT, idle_timeout: '3600s', ...options } }
}

/** As IPv4 and, for a resolver that takes the want of an IPv6 address for the want of the name (musl's), the same one mapped. */
const ADDRESSES = [MESH_ADDRESS, `::ffff:${MESH_ADDRESS}`]

/** Names of the mesh alone come here; the answer's only use is that the agent then connects, and says the name again. */
export function compileDnsListener({ dnsPort }: Transparent, namespaces: readonly string[]): Json {
  // Envoy looks a name up by its last two labels, so `*.mesh` would answer nobody.
  const names = ['capability.mesh', ...['route', ...namespaces].map((label) => `*.${label}.mesh`)]
  return {
    name: TRANSPARENT_DNS,
    traffic_direction: 'OUTBOUND',
    address: { socket_address: { protocol: 'UDP', address: '127.0.0.1', port_value: dnsPort } },
    udp_listener_config: {},
    listener_filters: [
      {
        name: 'envoy.filters.udp.dns_filter',
        typed_config: {
          '@type': typeUrl('envoy.extensions.filters.udp.dns_filter.v3.DnsFilterConfig'),
          stat_prefix: TRANSPARENT_DNS,
          server_config: { inline_dns_table: { virtual_domains: names.map((name) => ({ name, endpoint: { address_list: { address: ADDRESSES } }, answer_ttl: '60s' })) } },
        },
      },
    ],
  }
}
