// Signing in and out. Every answer that makes a session makes a new one; guessing is slowed down per account and address.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { PASSWORD, SESSION } from '#server/auth/auth.ts'
import { failureLimiter } from '#server/auth/limiter.ts'
import { createSignInSecret, signInUrl } from '#server/auth/links.ts'
import { checkPassword, setPassword } from '#server/auth/users.ts'
import { recordAudit } from '#server/db/audit.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { Role } from '#server/contracts/security.ts'
import { readUser } from '#server/queries/users.ts'
import { requireRole, type ApiContext } from './context.ts'
import { jsonBody, newRoutes, ok } from './routes.ts'

const tags = ['Sign-in']
const Session = z.object({ name: z.string(), role: Role, kind: z.enum(['user', 'token', 'admin-token']), hasPassword: z.boolean() })
const Done = z.object({ done: z.literal(true) })
const Password = z.string().min(PASSWORD.min, `at least ${PASSWORD.min} characters`).max(PASSWORD.max)

const signIn = createRoute({
  method: 'post',
  path: '/auth/sign-in',
  tags,
  security: [],
  summary: 'Sign in with a password',
  request: jsonBody(z.strictObject({ email: z.string().min(1).max(320), password: z.string().min(1).max(PASSWORD.max) })),
  responses: ok(Done, 'Signed in; the cookie is set'),
})
const useLink = createRoute({
  method: 'post',
  path: '/auth/link',
  tags,
  security: [],
  summary: 'Sign in with a one-time link, which this uses up',
  request: jsonBody(z.strictObject({ secret: z.string().min(1).max(512) })),
  responses: ok(Done, 'Signed in; the cookie is set'),
})
const signOut = createRoute({ method: 'post', path: '/auth/sign-out', tags, security: [], summary: 'End this session', responses: ok(Done, 'Signed out') })
const session = createRoute({ method: 'get', path: '/auth/session', tags, summary: 'Who is signed in', responses: ok(Session, 'You') })
const password = createRoute({
  method: 'put',
  path: '/auth/password',
  tags,
  summary: 'Set your own password; your other sessions end',
  request: jsonBody(z.strictObject({ current: z.string().max(PASSWORD.max).optional(), password: Password })),
  responses: ok(Done, 'Set'),
})
const makeLink = createRoute({
  method: 'post',
  path: '/auth/links',
  tags,
  summary: 'A one-time sign-in link for somebody',
  request: jsonBody(z.strictObject({ email: z.string().min(1).max(320) })),
  responses: ok(z.object({ url: z.string(), email: z.string(), expiresInMinutes: z.number() }), 'The link, shown once'),
})

// Windows are short: an attacker is slowed to a few guesses a minute, and the person behind the same address waits seconds.
const guesses = { account: failureLimiter({ max: 5, windowMs: 60_000 }), address: failureLimiter({ max: 30, windowMs: 60_000 }) }

export const authRoutes = newRoutes()
  .openapi(signIn, async (c) => {
    const { email, password: given } = c.req.valid('json')
    return signInBy(c, email.toLowerCase(), () => c.var.auth.api.signInEmail({ body: { email, password: given }, headers: c.req.raw.headers, returnHeaders: true }))
  })
  .openapi(useLink, async (c) => {
    const { secret } = c.req.valid('json')
    return signInBy(c, 'a link', () => c.var.auth.api.signInLink({ body: { secret }, headers: c.req.raw.headers, returnHeaders: true }))
  })
  .openapi(signOut, async (c) => {
    const { headers } = await c.var.auth.api.signOut({ headers: c.req.raw.headers, returnHeaders: true })
    copyCookies(headers, c)
    if (c.var.caller) await audit(c, 'sign-out', c.var.caller.name, 'ok')
    return c.json({ done: true as const }, 200)
  })
  .openapi(session, async (c) => {
    const caller = requireRole(c, 'viewer')
    const user = caller.kind === 'user' ? await readUser(c.var.db, { id: caller.id }) : null
    return c.json({ name: caller.name, role: caller.role, kind: caller.kind, hasPassword: user?.hasPassword ?? false }, 200)
  })
  .openapi(password, async (c) => {
    const caller = requireRole(c, 'viewer')
    if (caller.kind !== 'user') throw new MeshError('forbidden', 'a token has no password; sign in as a person')
    const { current, password: wanted } = c.req.valid('json')
    await slowGuesses(c, caller.name, async () => (await checkPassword(c.var.auth, caller.id, current ?? '')) !== false)
    const own = await c.var.auth.api.getSession({ headers: c.req.raw.headers })
    await setPassword(c.var.db, c.var.auth, caller.id, wanted, own?.session.token ?? null)
    await audit(c, 'password.set', caller.name, 'ok')
    return c.json({ done: true as const }, 200)
  })
  .openapi(makeLink, async (c) => {
    requireRole(c, 'admin')
    const { email } = c.req.valid('json')
    const user = await readUser(c.var.db, { email })
    if (!user) throw new MeshError('not_found', `nobody has the address ${email}`)
    const secret = await createSignInSecret(c.var.db, user.id)
    await audit(c, 'link.create', user.email, 'ok')
    return c.json({ url: signInUrl(c.var.config.publicUrl, secret), email: user.email, expiresInMinutes: 15 }, 200)
  })

/** One way in, however the person shows who they are: limited, recorded, with the session's cookie on the answer. */
async function signInBy(c: ApiContext, account: string, attempt: () => Promise<{ headers: Headers; response: { user: { email: string } } }>) {
  const made = await slowGuesses(c, account, async () => {
    try {
      return await attempt()
    } catch (error) {
      if (isRefusal(error)) return null
      throw error
    }
  })
  copyCookies(made.headers, c)
  await audit(c, 'sign-in', made.response.user.email, 'ok', made.response.user.email)
  return c.json({ done: true as const }, 200)
}

/** Runs `attempt` unless too many failed lately; a falsy outcome counts as a failure and is refused. */
async function slowGuesses<T>(c: ApiContext, account: string, attempt: () => Promise<T>): Promise<NonNullable<T>> {
  const key = `${account} ${c.var.peer}`
  const waitS = Math.max(guesses.account.waitS(key), guesses.address.waitS(c.var.peer))
  if (waitS > 0) throw new MeshError('rate_limited', `too many attempts; try again in ${waitS} s`, { extra: { retryAfterS: waitS } })
  guesses.account.failed(key)
  guesses.address.failed(c.var.peer)
  const outcome = await attempt()
  if (outcome) {
    guesses.account.succeeded(key)
    guesses.address.forgiven(c.var.peer)
    return outcome
  }
  await audit(c, 'sign-in', account, 'denied', c.var.caller?.name ?? `somebody at ${c.var.peer}`)
  throw new MeshError('unauthenticated', 'that is not right: the address and password do not fit, or the link is used or older than 15 minutes')
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500
}

function copyCookies(from: Headers, c: ApiContext): void {
  const byHttps = c.req.header('x-forwarded-proto')?.split(',')[0]?.trim() === 'https'
  for (const cookie of from.getSetCookie()) c.header('set-cookie', hardenCookie(cookie, { byHttps }), { append: true })
}

/**
 * The browser keeps a cookie as long as a busy session may last: nothing sends it again when the server lengthens an idle limit.
 * `byHttps`: a proxy in front says that the person came by https, whatever HEDDLE_PUBLIC_URL knows of it.
 */
export function hardenCookie(cookie: string, { byHttps }: { byHttps: boolean }): string {
  const lasting = cookie.replace(`Max-Age=${SESSION.idleS}`, `Max-Age=${SESSION.lifeS}`)
  return byHttps && !/;\s*Secure(;|$)/i.test(lasting) ? `${lasting}; Secure` : lasting
}

async function audit(c: ApiContext, action: string, target: string, result: 'ok' | 'denied', actor = c.var.caller?.name ?? target): Promise<void> {
  await recordAudit(c.var.db.pool, { mesh: null, actor, action, target, result, detail: { from: c.var.peer } })
}
