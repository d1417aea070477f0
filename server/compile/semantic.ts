// The filter that asks the semantic service who should answer a task. It stands in every outbound chain, asleep: a route wakes it,
// so that no edit ever changes a listener. https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_proc_filter
import type { Json } from './encode.ts'
import { BOOTSTRAP_CLUSTER, typeUrl } from './names.ts'

const FILTER = 'heddle.semantic'
/** Set by the service to `namespace/agent`, and matched by the routes of an AgentRoute. No caller can send it. */
export const DECIDED_HEADER = 'x-heddle-decided'
/** The decision's id, on the request to the agent, in the trace, and on the answer. */
export const DECISION_HEADER = 'x-heddle-decision'

/** The service answers in a few milliseconds; a call waits at most this long for each of its two messages, then takes the fallback. */
export const MESSAGE_TIMEOUT = '0.25s'

const SKIP_ANSWER = { response_header_mode: 'SKIP', response_body_mode: 'NONE', request_trailer_mode: 'SKIP', response_trailer_mode: 'SKIP' }

export function semanticFilter(): Json {
  return {
    name: FILTER,
    disabled: true,
    typed_config: {
      '@type': typeUrl('envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor'),
      grpc_service: { envoy_grpc: { cluster_name: BOOTSTRAP_CLUSTER.sidecar } },
      failure_mode_allow: true, // it helps to choose and guards nothing: policies do, at the agent's own sidecar
      message_timeout: MESSAGE_TIMEOUT,
      stat_prefix: 'semantic',
      // The service asks for the body when it has seen the headers, and then whole: a body that says it is larger than the buffer goes by
      // unread, where BUFFERED from the start would end it with 413. BUFFERED_PARTIAL takes the answer to a slow body and keeps its old route.
      allow_mode_override: true,
      processing_mode: { request_header_mode: 'SEND', request_body_mode: 'NONE', ...SKIP_ANSWER },
      request_attributes: ['xds.route_name', 'request.id'],
      mutation_rules: { allow_all_routing: false, disallow_is_error: false },
      forward_rules: { disallowed_headers: { patterns: [{ exact: 'authorization' }, { exact: 'cookie' }, { exact: 'proxy-authorization' }, { exact: 'x-api-key' }] } },
    },
  }
}

/** Wakes the filter for one route. */
export function wakeSemantic(): Json {
  const type = 'envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute'
  return { [FILTER]: { '@type': typeUrl(type), overrides: {} } }
}
