// Every failure leaves as application/problem+json (RFC 9457); what is not a MeshError is a defect and says nothing of its inside.
import type { ErrorHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { FAILURES, MeshError, type FailureCode } from '#server/contracts/errors.ts'
import { failureLimiter } from '#server/auth/limiter.ts'
import { recordAudit } from '#server/db/audit.ts'
import type { ApiContext, ApiEnv } from './context.ts'

/** Denials of one address that the audit keeps a minute; the rest are refused all the same. */
const DENIALS = { max: 60, windowMs: 60_000 }

export function answerErrors(): ErrorHandler<ApiEnv> {
  const recorded = failureLimiter(DENIALS)
  return async (thrown, c) => {
    const error = asMeshError(thrown)
    if (error.code === 'internal') c.var.log.error({ err: thrown, method: c.req.method, path: c.req.path }, 'a request failed')
    if (error.code === 'forbidden' && recorded.waitS(c.var.peer) === 0) {
      recorded.failed(c.var.peer)
      await recordDenial(c, error).catch((cause: unknown) => c.var.log.error({ err: cause }, 'a denial could not be recorded'))
    }
    return problemResponse(error)
  }
}

export function problemResponse(error: MeshError): Response {
  const { http, title } = FAILURES[error.code]
  const { retryAfterS, ...extra } = error.extra
  const body = {
    type: `https://heddle.dev/problems/${error.code}`,
    title,
    status: http,
    code: error.code,
    detail: error.code === 'internal' ? 'Heddle could not finish this; its log says why' : error.message,
    problems: error.problems,
    ...extra, // extension members (RFC 9457, 3.2), such as `current` of a conflict
  }
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  if (typeof retryAfterS === 'number') headers.set('retry-after', String(retryAfterS))
  if (error.code === 'unauthenticated') headers.set('www-authenticate', 'Bearer realm="heddle"')
  if (error.code === 'upgrade_required') headers.set('upgrade', 'websocket')
  return new Response(JSON.stringify(body), { status: http, headers })
}

const CODE_OF_STATUS = Object.fromEntries(Object.entries(FAILURES).map(([code, failure]) => [failure.http, code])) as Record<number, FailureCode>

/** Hono and Prisma have their own errors; here they become ours. */
function asMeshError(thrown: unknown): MeshError {
  if (thrown instanceof MeshError) return thrown
  if (thrown instanceof HTTPException) return new MeshError(CODE_OF_STATUS[thrown.status] ?? 'internal', thrown.message, { cause: thrown })
  if (isStoreAway(thrown)) return new MeshError('unavailable', 'the database cannot be reached; try again in a moment', { cause: thrown, extra: { retryAfterS: 2 } })
  return new MeshError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}

// 08: connection exceptions, 57P0x: the server is shutting down, starting or crashed, 53300: too many connections. P10xx and P2024 are Prisma's.
const AWAY = /^(08...|57P0[123]|53300|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|P1001|P1002|P1008|P1017|P2024|P2037)$/

function isStoreAway(thrown: unknown, depth = 0): boolean {
  if (!(thrown instanceof Error) || depth > 4) return false
  const code = (thrown as Error & { code?: unknown }).code
  if (typeof code === 'string' && AWAY.test(code)) return true
  if (/timeout exceeded when trying to connect|Connection terminated|Can't reach database server/.test(thrown.message)) return true
  return isStoreAway(thrown.cause, depth + 1)
}

async function recordDenial(c: ApiContext, error: MeshError): Promise<void> {
  await recordAudit(c.var.db.pool, {
    mesh: c.var.mesh ?? null,
    actor: c.var.caller?.name ?? `somebody at ${c.var.peer}`,
    action: `${c.req.method} ${c.req.routePath}`.slice(0, 200),
    target: c.req.path.slice(0, 500),
    result: 'denied',
    detail: { reason: error.message },
  })
}
