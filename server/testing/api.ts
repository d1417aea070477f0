import { pino } from 'pino'
import { createApi } from '../api/app.ts'
import { openAuth } from '../auth/auth.ts'
import { createToken } from '../auth/tokens.ts'
import { readConfig } from '../config.ts'
import type { Role } from '../contracts/security.ts'
import type { Db } from '../db/client.ts'

export const TEST_ORIGIN = 'http://127.0.0.1:3999'

/** The real API over a test database, without a socket: `const api = await testApi(db)`, `await api.as('viewer').get('/revisions')`. */
export async function testApi(db: Db, settings: Record<string, string> = {}) {
  const config = readConfig({ NODE_ENV: 'test', HEDDLE_CONSOLE_PORT: '3999', HEDDLE_HOME: '/nonexistent', ...settings })
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', $1) on conflict do nothing`, [config.trustDomain])
  const app = createApi({ db, config, auth: await openAuth(db, config), log: pino({ level: 'silent' }) })
  const send = async (path: string, init: RequestInit = {}) => app.fetch(new Request(`${TEST_ORIGIN}/api/v1${path}`, init))
  const tokens = new Map<Role, string>()
  for (const role of ['viewer', 'operator', 'admin'] as const)
    tokens.set(role, (await createToken(db, { name: `test ${role}`, role, maker: { id: 'test', name: 'test' }, expiresAt: null })).token)

  /** Requests with a token of that role; a body goes as JSON unless it is text, which goes as it is. */
  const as = (role: Role) => {
    const call = (method: string) => (path: string, body?: unknown, headers: Record<string, string> = {}) =>
      send(path, {
        method,
        headers: { authorization: `Bearer ${tokens.get(role)}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
    return { get: call('GET'), put: call('PUT'), post: call('POST'), patch: call('PATCH'), delete: call('DELETE') }
  }
  return { app, config, send, as, tokenOf: (role: Role) => tokens.get(role) ?? '' }
}
