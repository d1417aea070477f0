// People and their sessions: better-auth over the tables of migration 0001. Its own HTTP surface is not mounted; the API's auth
// routes call what they need, so that every door has our limits, Origin check and audit.
import { betterAuth, type BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { z } from 'zod'
import type { Db } from '#server/db/client.ts'
import { consumeSignInSecret } from './links.ts'
import { readWebSecret } from './web-secret.ts'

/** A session ends when it was idle for `idleS`, and after `lifeS` however busy it was. */
export const SESSION = { idleS: 7 * 24 * 3600, renewEveryS: 3600, lifeS: 30 * 24 * 3600 }
export const PASSWORD = { min: 12, max: 256 }

export type Auth = Awaited<ReturnType<typeof openAuth>>

/** Sign-up is closed: accounts are made by an administrator, sessions by a password or a one-time link. */
export async function openAuth(db: Db, options: { publicUrl: string }) {
  const secret = await readWebSecret(db)
  const https = options.publicUrl.startsWith('https:')
  return betterAuth({
    appName: 'Heddle',
    baseURL: options.publicUrl,
    basePath: '/api/v1/auth',
    secret,
    database: db.pool,
    telemetry: { enabled: false },
    logger: { disabled: true },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: PASSWORD.min, maxPasswordLength: PASSWORD.max, revokeSessionsOnPasswordReset: true },
    session: { expiresIn: SESSION.idleS, updateAge: SESSION.renewEveryS },
    user: { additionalFields: { role: { type: 'string', required: true, defaultValue: 'viewer', input: false } } },
    rateLimit: { enabled: false }, // ours counts failures per account and address, and knows API tokens too
    advanced: {
      // A browser takes a `__Host-` cookie from this very host over https alone: no neighbour below the same domain can plant one.
      // The library's own secure prefix is the weaker `__Secure-`. https://www.rfc-editor.org/rfc/rfc6265bis#name-the-__host-prefix
      cookiePrefix: https ? '__Host-heddle' : 'heddle',
      useSecureCookies: false,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/', secure: https },
      disableOriginCheck: true, // server/api/guard.ts has checked it for every route alike
      ipAddress: { ipAddressHeaders: ['x-heddle-peer'] },
    },
    plugins: [signInByLink(db)],
  })
}

/** A session for whoever holds an unused link; always a new session id. */
function signInByLink(db: Db) {
  return {
    id: 'heddle-link',
    endpoints: {
      signInLink: createAuthEndpoint('/sign-in/link', { method: 'POST', body: z.object({ secret: z.string() }), requireHeaders: true }, async (ctx) => {
        const userId = await consumeSignInSecret(db, ctx.body.secret)
        const user = userId && (await ctx.context.internalAdapter.findUserById(userId))
        if (!user) throw ctx.error('UNAUTHORIZED', { message: 'this link is unknown, used or older than 15 minutes' })
        const session = await ctx.context.internalAdapter.createSession(user.id)
        await setSessionCookie(ctx, { session, user })
        return ctx.json({ user: { id: user.id, email: user.email } })
      }),
    },
  } satisfies BetterAuthPlugin
}
