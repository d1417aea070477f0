// One match of an HTTPRoute rule → one Envoy route. Field by field as the Gateway API means it.
import type { HTTPRoute, HTTPRouteFilter, HTTPRouteMatch, HTTPRouteRule, PathMatch } from '../contracts/http-route.ts'
import type { RankedMatch } from '../mesh/precedence.ts'
import type { Json } from './encode.ts'
import { CLUSTER } from './names.ts'

/** A call lives as long as its stream: Envoy's default of 15 s would cut an answer that takes its time. */
const NO_TIMEOUT = '0s'

/** `target` is what compileBackends said; null answers 500, as the Gateway API asks where no backend is valid. */
export function compileRoute({ route, rule, ruleIndex, match }: RankedMatch, target: Json | null, operation: string): Json {
  const shared = { name: routeName(route, rule, ruleIndex), match: compileMatch(match), decorator: decorator(operation) }
  if (!target) return { ...shared, direct_response: plainAnswer(500, `no backend of ${shared.name} exists`) }
  return { ...shared, route: { ...target, ...compileTimeouts(rule) }, ...headerEdits(rule.filters) }
}

/** Every call of a host to one target. */
export function catchAll(name: string, target: Json, operation: string): Json {
  return { name, match: { prefix: '/' }, decorator: decorator(operation), route: { ...target, timeout: NO_TIMEOUT } }
}

/** A CONNECT ends here and its bytes go to `cluster`. It is no call of its own, so it has no span. */
export function terminateConnect(cluster: string, options: { traced: boolean }): Json {
  return {
    name: 'connect',
    match: { connect_matcher: {} },
    ...(options.traced ? {} : { tracing: { client_sampling: {}, random_sampling: {}, overall_sampling: {} } }),
    route: { cluster, timeout: NO_TIMEOUT, upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }] },
  }
}

export function answerAll(name: string, status: number, text: string): Json {
  return { name, match: { prefix: '/' }, direct_response: plainAnswer(status, text) }
}

export const backIntoMesh = () => terminateConnect(CLUSTER.loop, { traced: false })

function routeName(route: HTTPRoute, rule: HTTPRouteRule, ruleIndex: number): string {
  return `${route.metadata.namespace}/${route.metadata.name}/${rule.name ?? ruleIndex}`
}

/** Names the span; not passed on, so that a callee's span keeps its own name. */
function decorator(operation: string): Json {
  return { operation, propagate: false }
}

function plainAnswer(status: number, text: string): Json {
  return { status, body: { inline_string: `${text}\n` } }
}

function compileMatch(match: HTTPRouteMatch): Json {
  const headers = [
    ...(match.method ? [{ name: ':method', string_match: { exact: match.method } }] : []),
    ...match.headers.map((header) => ({ name: header.name.toLowerCase(), string_match: stringMatch(header) })),
  ]
  return {
    ...compilePath(match.path),
    ...(headers.length > 0 ? { headers } : {}),
    ...(match.queryParams.length > 0 ? { query_parameters: match.queryParams.map((parameter) => ({ name: parameter.name, string_match: stringMatch(parameter) })) } : {}),
  }
}

function compilePath(path: PathMatch): Json {
  switch (path.type) {
    case 'Exact':
      return { path: path.value }
    case 'RegularExpression':
      return { safe_regex: { regex: path.value } }
    case 'PathPrefix': {
      const prefix = path.value.replace(/\/+$/, '')
      return prefix === '' ? { prefix: '/' } : { path_separated_prefix: prefix }
    }
  }
}

function stringMatch(match: { type: 'Exact' | 'RegularExpression'; value: string }): Json {
  return match.type === 'Exact' ? { exact: match.value } : { safe_regex: { regex: match.value } }
}

function compileTimeouts(rule: HTTPRouteRule): Json {
  const perTry = rule.timeouts?.backendRequest
  const perTryTimeout = perTry && durationMs(perTry) > 0 ? { per_try_timeout: seconds(perTry) } : {}
  const retry = rule.retry && rule.retry.attempts > 0 ? compileRetry(rule.retry) : {}
  const policy = { ...retry, ...perTryTimeout }
  return {
    timeout: rule.timeouts?.request ? seconds(rule.timeouts.request) : NO_TIMEOUT,
    ...(Object.keys(policy).length > 0 ? { retry_policy: policy } : {}),
  }
}

function compileRetry(retry: NonNullable<HTTPRouteRule['retry']>): Json {
  const byCode = retry.codes.length > 0
  return {
    retry_on: byCode ? 'connect-failure,refused-stream,reset,retriable-status-codes' : 'connect-failure,refused-stream,reset',
    num_retries: retry.attempts,
    ...(byCode ? { retriable_status_codes: retry.codes } : {}),
    ...(retry.backoff && durationMs(retry.backoff) > 0 ? { retry_back_off: { base_interval: seconds(retry.backoff) } } : {}),
  }
}

function headerEdits(filters: readonly HTTPRouteFilter[]): Json {
  const edits: Record<string, Json[] | string[]> = {}
  for (const filter of filters) {
    const [side, edit] = filter.type === 'RequestHeaderModifier' ? (['request', filter.requestHeaderModifier] as const) : (['response', filter.responseHeaderModifier] as const)
    const added = [
      ...edit.set.map((header) => headerValue(header, 'OVERWRITE_IF_EXISTS_OR_ADD')),
      ...edit.add.map((header) => headerValue(header, 'APPEND_IF_EXISTS_OR_ADD')),
    ]
    if (added.length > 0) edits[`${side}_headers_to_add`] = [...(edits[`${side}_headers_to_add`] ?? []), ...added] as Json[]
    if (edit.remove.length > 0) edits[`${side}_headers_to_remove`] = [...(edits[`${side}_headers_to_remove`] ?? []), ...edit.remove] as string[]
  }
  return edits
}

/** A percent sign begins a command in Envoy's header values; ours are plain text. */
function headerValue(header: { name: string; value: string }, append_action: string): Json {
  return { header: { key: header.name, value: header.value.replaceAll('%', '%%') }, append_action }
}

const UNIT_MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** GEP-2257, already parsed: `1m30s`. */
export function durationMs(duration: string): number {
  return [...duration.matchAll(/(\d+)(ms|h|m|s)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0)
}

function seconds(duration: string): string {
  return `${durationMs(duration) / 1000}s`
}
