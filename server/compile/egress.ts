// ExternalServices and the EgressPolicy of one caller → its virtual hosts and clusters. None of it is in a listener.
import type { ExternalService } from '../contracts/external-service.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { refOf, type ObjectRef } from '../contracts/object.ts'
import { credentialSecret } from '../contracts/sidecar-secrets.ts'
import type { AgentRef } from '../mesh/authorize.ts'
import { servicesFor } from '../mesh/egress.ts'
import { httpOptions } from './cluster.ts'
import type { Json } from './encode.ts'
import { CLUSTER, externalClusterName, OUTBOUND, typeUrl } from './names.ts'
import { answerAll, catchAll, terminateConnect } from './route.ts'
import { externalTls, secret } from './tls.ts'
import { compileBreaker } from './traffic.ts'

export interface ExternalResources {
  object: ObjectRef
  host: Json
  clusters: Json[]
}

/** By host. A refused service has no cluster. */
export function compileEgress(state: MeshState, caller: AgentRef): ExternalResources[] {
  return servicesFor(state, caller).map(({ service, refusal }) => ({
    object: refOf(service),
    host: { name: `${OUTBOUND}/${service.spec.host}`, domains: [service.spec.host], routes: refusal === null ? compileWays(service) : refuseOutside(refusal) },
    clusters: refusal === null ? compileClusters(service) : [],
  }))
}

/** Any call and any CONNECT answered 403. The span says that it would have gone out, so that the graph shows who tried. */
export function refuseOutside(why: string): Json[] {
  const tracing = { client_sampling: { numerator: 100 }, random_sampling: { numerator: 100 }, overall_sampling: { numerator: 100 }, custom_tags: [{ tag: 'upstream_cluster.name', literal: { value: CLUSTER.external } }] }
  const refusal = { ...answerAll('egress-refused', 403, why), decorator: { operation: CLUSTER.external, propagate: false }, tracing }
  return [{ ...refusal, match: { connect_matcher: {} } }, refusal]
}

function compileWays({ metadata, spec }: ExternalService): Json[] {
  const { host, port, tls } = spec
  const tunnel = terminateConnect(externalClusterName(metadata, 'plain'), { traced: true })
  const [otherPort] = refuseOutside(`ExternalService ${metadata.namespace}/${metadata.name} opens port ${port} of ${host} alone`)
  const ways = [{ ...tunnel, match: { connect_matcher: {}, headers: [{ name: ':authority', string_match: { exact: `${host}:${port}` } }] } }, otherPort ?? {}]
  if (tls.mode === 'Passthrough') return [...ways, answerAll('egress-plain', 426, `${host} takes TLS: call https://${host} by CONNECT, or let the sidecar speak it with tls.mode Originate`)]
  const call = catchAll(CLUSTER.external, { cluster: externalClusterName(metadata, tls.mode === 'Originate' ? 'tls' : 'plain'), host_rewrite_literal: isDefaultPort(spec) ? host : `${host}:${port}` }, host)
  return [...ways, call]
}

function isDefaultPort({ port, tls }: ExternalService['spec']): boolean {
  return port === (tls.mode === 'None' ? 80 : 443)
}

function compileClusters(service: ExternalService): Json[] {
  const { metadata, spec } = service
  const plain = cluster(externalClusterName(metadata, 'plain'), spec)
  if (spec.tls.mode !== 'Originate') return [plain]
  return [
    plain,
    {
      ...cluster(externalClusterName(metadata, 'tls'), spec),
      transport_socket: externalTls(spec.host, spec.tls.caRef?.name ?? null),
      typed_extension_protocol_options: httpOptions({ auto_config: { http_protocol_options: {}, http2_protocol_options: {} }, ...injection(spec) }),
    },
  ]
}

/** One address of a name that has many is as good as any: what DNS answers next time moves new connections, and closes none. */
function cluster(name: string, { host, port, addresses }: ExternalService['spec']): Json {
  const endpoint = (address: string): Json => ({ endpoint: { address: { socket_address: { address, port_value: port } } } })
  const found = addresses.length > 0 ? { type: 'STATIC' } : { type: 'LOGICAL_DNS', dns_lookup_family: 'V4_PREFERRED', respect_dns_ttl: true }
  return {
    name,
    alt_stat_name: CLUSTER.external, // the collector knows by it what left the mesh
    connect_timeout: '5s',
    ...found,
    circuit_breakers: compileBreaker(),
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: (addresses.length > 0 ? addresses : [host]).map(endpoint) }] },
  }
}

/**
 * The last thing before the wire: no span, log or filter of this proxy sees it. Without the secret a call ends here with 401.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/credential_injector_filter
 */
function injection({ host, credential }: ExternalService['spec']): Json {
  if (!credential) return {}
  const generic = 'envoy.extensions.http.injected_credentials.generic.v3.Generic'
  return {
    http_filters: [
      {
        name: 'heddle.credential',
        typed_config: {
          '@type': typeUrl('envoy.extensions.filters.http.credential_injector.v3.CredentialInjector'),
          overwrite: true,
          credential: {
            name: 'envoy.http.injected_credentials.generic',
            typed_config: { '@type': typeUrl(generic), credential: secret(credentialSecret(credential.name, host)), header: credential.header, ...(credential.prefix ? { header_value_prefix: credential.prefix } : {}) },
          },
        },
      },
      { name: 'envoy.filters.http.upstream_codec', typed_config: { '@type': typeUrl('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec') } },
    ],
  }
}
