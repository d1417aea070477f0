// How long a call may take, when it is tried again, and what keeps a session together.
import type { HTTPRouteRule, SessionPersistence } from '../contracts/http-route.ts'
import { durationMs } from '../mesh/duration.ts'
import type { Json } from './encode.ts'

/** A call lives as long as its stream: Envoy's default of 15 s would cut an answer that takes its time. */
export const NO_TIMEOUT = '0s'

/** `1m30s` → `90s`, as Envoy takes it. */
export function seconds(duration: string): string {
  return `${durationMs(duration) / 1000}s`
}

export function compileTimeouts(rule: HTTPRouteRule): Json {
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

/** What the pick of version and instance is hashed from; a call without it is picked at random, as before. */
export function sessionHash({ type, sessionName, cookieConfig, absoluteTimeout }: SessionPersistence): Json {
  if (type === 'Header') return { header: { header_name: sessionName }, terminal: true }
  const permanent = cookieConfig?.lifetimeType === 'Permanent' && absoluteTimeout
  return { cookie: { name: sessionName, path: '/', ttl: permanent ? seconds(absoluteTimeout) : '0s' }, terminal: true }
}
