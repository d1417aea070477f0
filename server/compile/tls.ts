// Both directions use the sidecar's two secrets, so that a rotated leaf or bundle changes no listener and no cluster.
import type { Json } from './encode.ts'
import { authoritySecret } from '../contracts/sidecar-secrets.ts'
import { BOOTSTRAP_CLUSTER, SECRET, typeUrl } from './names.ts'

const TLS_VERSIONS = { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' }

/** Never 0s: one missing secret would then hold back everything else of that proxy for ever. */
export const FETCH_TIMEOUT = '5s'

/** Calls out: presents our identity, accepts the one peer identity only. */
export function upstreamTls(sni: string, peerSpiffeId: string, alpn: 'h2' | 'http/1.1'): Json {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
      sni,
      common_tls_context: commonTls([alpn], { exact: peerSpiffeId }),
    },
  }
}

/** Calls in: any identity of the trust domain may shake hands; who may call what is RBAC's, which drains nothing when it changes. */
export function downstreamTls(trustDomain: string): Json {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
      require_client_certificate: true,
      common_tls_context: commonTls(['h2', 'http/1.1'], { prefix: `spiffe://${trustDomain}/` }),
    },
  }
}

/** Calls from outside: whoever they are, they see one of these certificates, which the sidecar reads from files. */
export function gatewayTls(certificates: readonly string[]): Json {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
      require_client_certificate: false,
      common_tls_context: { alpn_protocols: ['h2', 'http/1.1'], tls_params: TLS_VERSIONS, tls_certificate_sds_secret_configs: certificates.map((name) => secret(`certificate/${name}`)) },
    },
  }
}

/** Calls out of the mesh: the host's own name must be in a certificate of that authority; ours is not shown. */
export function externalTls(host: string, authority: string | null): Json {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
      sni: host,
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        tls_params: TLS_VERSIONS,
        combined_validation_context: {
          default_validation_context: { match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: host } }] },
          validation_context_sds_secret_config: secret(authoritySecret(authority)),
        },
      },
    },
  }
}

function commonTls(alpn: string[], peer: Json): Json {
  return {
    alpn_protocols: alpn,
    tls_params: TLS_VERSIONS,
    tls_certificate_sds_secret_configs: [secret(SECRET.identity)],
    combined_validation_context: {
      default_validation_context: { match_typed_subject_alt_names: [{ san_type: 'URI', matcher: peer }] },
      validation_context_sds_secret_config: secret(SECRET.trust),
    },
  }
}

/** From the sidecar alone: what a proxy knows of it is its name. */
export function secret(name: string): Json {
  return {
    name,
    sds_config: {
      resource_api_version: 'V3',
      initial_fetch_timeout: FETCH_TIMEOUT,
      api_config_source: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: BOOTSTRAP_CLUSTER.sidecar } }],
      },
    },
  }
}

/** Where a resource comes from when it comes over the proxy's own ADS stream. */
export const ADS = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: FETCH_TIMEOUT }
