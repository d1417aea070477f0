import type { MiddlewareHandler } from 'hono'
import { MeshError } from '#server/contracts/errors.ts'
import { Role } from '#server/contracts/security.ts'
import { SESSION, type Auth } from '#server/auth/auth.ts'
import type { Caller } from '#server/auth/caller.ts'
import type { FailureLimiter } from '#server/auth/limiter.ts'
import { sameSecret } from '#server/auth/secrets.ts'
import { findTokenCaller } from '#server/auth/tokens.ts'
import type { Config } from '#server/config.ts'
import type { Db } from '#server/db/client.ts'
import type { ApiEnv } from './context.ts'

interface Doors {
  db: Db
  auth: Auth
  config: Pick<Config, 'adminToken'>
}

/** Who the headers speak for. A bearer token that is not good is an error, never a fall-back to the cookie. */
export async function findCaller(headers: Headers, doors: Doors): Promise<Caller | null> {
  const authorization = headers.get('authorization')
  if (authorization !== null) {
    const token = /^Bearer +(\S{1,512})$/i.exec(authorization)?.[1]
    const caller = token ? await findBearer(token, doors) : null
    if (!caller) throw new MeshError('unauthenticated', 'this API token is unknown, expired or revoked')
    return caller
  }
  if (!headers.has('cookie')) return null
  const session = await doors.auth.api.getSession({ headers })
  if (!session || Date.now() - session.session.createdAt.getTime() > SESSION.lifeS * 1000) return null
  return { kind: 'user', id: session.user.id, name: session.user.email, role: Role.parse(session.user.role) }
}

async function findBearer(token: string, { db, config }: Doors): Promise<Caller | null> {
  if (config.adminToken && sameSecret(token, config.adminToken)) return { kind: 'admin-token', id: 'admin-token', name: 'HEDDLE_ADMIN_TOKEN', role: 'admin' }
  return findTokenCaller(db, token)
}

/** Sets `caller`. Guessing tokens is slowed down by address; who shares it and has a good one does not notice. */
export function identify(limiter: FailureLimiter): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    c.set('caller', await findCallerSlowly(c.req.raw.headers, c.var, { limiter, peer: c.var.peer }))
    await next()
  }
}

export async function findCallerSlowly(headers: Headers, doors: Doors, { limiter, peer }: { limiter: FailureLimiter; peer: string }): Promise<Caller | null> {
  try {
    return await findCaller(headers, doors)
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== 'unauthenticated') throw error
    const waitS = limiter.waitS(peer)
    if (waitS > 0) throw new MeshError('rate_limited', `too many wrong tokens from this address; try again in ${waitS} s`, { extra: { retryAfterS: waitS }, cause: error })
    limiter.failed(peer)
    throw error
  }
}
