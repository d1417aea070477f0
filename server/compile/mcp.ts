// MCP tools in policies. What counts is the body that the server will read: a header may say anything. The filter stands in every inbound
// chain asleep, and an agent that a policy with tools selects wakes it by its virtual host, so that no listener drains.
import { NOTIFICATIONS, SESSION_HTTP, SESSION_METHODS, TOOL_CALL } from '../mesh/mcp-tools.ts'
import type { Json } from './encode.ts'
import { typeUrl } from './names.ts'

const FILTER = 'heddle.mcp'
/** With whatever parameters; a body under any other name is unreadable. */
const JSON_TYPE = '(?i)application/json\\s*(;.*)?'

/** Reads `method` and `params.name` of a JSON-RPC request. A list of requests has no `jsonrpc` of its own; what is no JSON is `unreadable`. */
export function mcpFilter(): Json {
  const read = (key: string, selectors: string[]) => ({
    selectors: selectors.map((one) => ({ key: one })),
    on_present: { metadata_namespace: FILTER, key, type: 'STRING' },
    on_error: { metadata_namespace: FILTER, key: 'unreadable', value: 'yes' },
    on_missing: { metadata_namespace: FILTER, key, value: MISSING },
  })
  return {
    name: FILTER,
    disabled: true,
    typed_config: { '@type': typeUrl('envoy.extensions.filters.http.json_to_metadata.v3.JsonToMetadata'), request_rules: { allow_content_types_regex: { regex: JSON_TYPE }, rules: [read('jsonrpc', ['jsonrpc']), read('method', ['method']), read('name', ['params', 'name'])] } },
  }
}

export function wakeMcp(): Json {
  return { [FILTER]: { '@type': typeUrl('envoy.config.route.v3.FilterConfig'), config: {} } }
}

const MISSING = '-'

/** These tools, and what a client needs to get there; a message without a method answers the server. */
export function allowTools(tools: readonly string[]): Json {
  const answer = { and_rules: { rules: [says('method', { exact: MISSING }), says('jsonrpc', { exact: '2.0' })] } }
  const session = [answer, ...SESSION_METHODS.map((method) => says('method', { exact: method })), says('method', { prefix: NOTIFICATIONS }), ...SESSION_HTTP.map((method) => ({ header: { name: ':method', string_match: { exact: method } } }))]
  return { or_rules: { rules: [calls(tools), ...session] } }
}

/** These tools, and what cannot be read: it may be one of them. */
export function denyTools(tools: readonly string[]): Json {
  const posted = { and_rules: { rules: [{ header: { name: ':method', string_match: { exact: 'POST' } } }, says('jsonrpc', { exact: MISSING })] } }
  return { or_rules: { rules: [calls(tools), says('unreadable', { exact: 'yes' }), posted] } }
}

function calls(tools: readonly string[]): Json {
  return { and_rules: { rules: [says('method', { exact: TOOL_CALL }), { or_rules: { rules: tools.map((tool) => says('name', { exact: tool })) } }] } }
}

function says(key: string, string_match: Json): Json {
  return { metadata: { filter: FILTER, path: [{ key }], value: { string_match } } }
}
