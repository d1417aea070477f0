import { expect, test } from 'vitest'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import type { Role } from '#server/contracts/security.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

/** The least role of every route; `null` is open to everybody. A route that is not here fails the test below. */
const POLICY: Record<string, Role | null> = {
  'GET /health': null,
  'GET /ready': null,
  'POST /auth/sign-in': null,
  'POST /auth/link': null,
  'POST /auth/sign-out': null,
  'GET /auth/session': 'viewer',
  'PUT /auth/password': 'viewer',
  'POST /auth/links': 'admin',
  'GET /users': 'admin',
  'POST /users': 'admin',
  'PATCH /users/:id': 'admin',
  'DELETE /users/:id': 'admin',
  'GET /tokens': 'viewer',
  'POST /tokens': 'viewer',
  'DELETE /tokens/:id': 'viewer',
  'GET /audit': 'admin',
  'GET /openapi.json': 'viewer',
  'GET /ingest': 'viewer',
  'GET /ingest/storage': 'viewer',
  'GET /breakdown': 'viewer',
  'GET /series': 'viewer',
  'GET /agent-summaries': 'viewer',
  'GET /agent-summaries/:ns/:name': 'viewer',
  'GET /doors': 'viewer',
  'GET /graph': 'viewer',
  'GET /egress': 'viewer',
  'GET /overview': 'viewer',
  'GET /parts': 'viewer',
  'GET /live': 'viewer',
  'GET /proxies/:id/refusals': 'viewer',
  'POST /proxies/:id/questions': 'viewer',
  'GET /analysis': 'viewer',
  'POST /explain': 'viewer',
  'POST /objects': 'operator',
  'GET /namespaces/:ns/httproutes/:name/status': 'viewer',
  'GET /namespaces/:ns/grpcroutes/:name/status': 'viewer',
  'GET /namespaces/:ns/agents/:name/reach': 'viewer',
  'GET /namespaces/:ns/agents/:name/calls': 'viewer',
  'GET /namespaces/:ns/agents/:name/proposed-policy': 'viewer',
  'POST /policy-trials': 'viewer',
  'GET /traces': 'viewer',
  'GET /traces/:traceId': 'viewer',
  'GET /traces/attributes': 'viewer',
  'POST /traces/:traceId/reveal': 'operator',
  'GET /traces/:traceId/spans/:spanId': 'viewer',
  'GET /traces/:traceId/spans/:spanId/peers': 'viewer',
  'GET /sessions': 'viewer',
  'GET /sessions/:conversation': 'viewer',
  'GET /prices': 'viewer',
  'PUT /prices': 'operator',
  'GET /objective-states': 'viewer',
  'GET /alerts': 'viewer',
  'GET /silences': 'viewer',
  'POST /silences': 'operator',
  'DELETE /silences/:id': 'operator',
  'GET /receivers': 'viewer',
  'PUT /receivers': 'admin',
  'POST /receivers/test': 'admin',
  'GET /scrape-targets': 'viewer',
  'GET /scrape-targets/status': 'viewer',
  'PUT /scrape-targets': 'admin',
  'GET /redaction': 'viewer',
  'PUT /redaction': 'admin',
  'POST /redaction/try': 'viewer',
  'GET /revisions': 'viewer',
  'GET /revisions/:revision': 'viewer',
  'GET /revisions/:revision/status': 'viewer',
  'POST /revisions/:revision/revert': 'operator',
  'GET /proxies': 'viewer',
  'GET /proxies/:id': 'viewer',
  'GET /proxies/:id/resources': 'viewer',
  'GET /certificates': 'viewer',
  'POST /certificates/:serial/revoke': 'admin',
  'GET /rotations': 'viewer',
  'GET /rotations/:id': 'viewer',
  'POST /rotations': 'admin',
  'POST /rotations/:id/:wish': 'admin',
  'POST /join-tokens': 'operator',
  'GET /sample': 'viewer',
  'PUT /sample': 'operator',
  'DELETE /sample': 'operator',
  'POST /sample/report': 'operator',
  'GET /registry': 'viewer',
  'GET /registry/:ns/:name/cards': 'viewer',
  'POST /registry/read-card': 'operator',
  'POST /registry/:ns/:name/refresh': 'operator',
  'GET /peers': 'viewer',
  'PUT /peers': 'operator',
  'GET /probed-instances': 'viewer',
  'GET /probe-events': 'viewer',
  'POST /semantic/try': 'viewer',
  'POST /semantic/evaluate': 'viewer',
  'GET /semantic/decisions': 'viewer',
  'GET /semantic/decisions/:id': 'viewer',
  'POST /semantic/decisions/:id/replay': 'viewer',
  'PUT /semantic/decisions/:id/correction': 'operator',
  'GET /:plural': 'viewer',
  'GET /namespaces/:ns/:plural': 'viewer',
  'GET /namespaces/:ns/:plural/:name': 'viewer',
  'PUT /namespaces/:ns/:plural/:name': 'operator',
  'PATCH /namespaces/:ns/:plural/:name': 'operator',
  'DELETE /namespaces/:ns/:plural/:name': 'operator',
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }
const VALUES: Record<string, string> = { plural: 'httproutes', ns: 'default', name: 'none', revision: '99', id: '00000000-0000-4000-8000-000000000000', traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', serial: '0a', wish: 'pause' }

/** Bodies that fit, so that what is refused is refused for the role. */
const BODIES: Record<string, unknown> = {
  'POST /auth/links': { email: 'nobody@example.com' },
  'POST /users': { email: 'somebody@example.com', role: 'viewer' },
  'POST /tokens': { name: 'probe', role: 'viewer' },
  'POST /certificates/:serial/revoke': { reason: 'probe' },
  'POST /join-tokens': { agent: 'probe' },
  'POST /objects': { items: [{ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name: 'probe' }, spec: {} }] },
  'POST /explain': { from: { agent: 'probe' }, host: 'probe' },
  'POST /registry/read-card': { url: 'http://nobody.invalid/' },
  'PUT /peers': { name: 'nobody', decision: 'none' },
  'POST /semantic/try': { route: 'none', task: 'x' },
  'POST /semantic/evaluate': { route: 'none', tasks: [{ task: 'x', agent: null }] },
  'PUT /semantic/decisions/:id/correction': { agent: null },
  'PUT /sample': { rate: 0, failureShare: 0 },
  'POST /traces/:traceId/reveal': { reason: 'a probe' },
  'PUT /prices': { currency: 'USD', models: {} },
  'POST /silences': { minutes: 5 },
  'PUT /receivers': { items: [] },
  'POST /receivers/test': { name: 'desk', type: 'email', to: ['ann@example.com'] },
  'PUT /scrape-targets': { items: [] },
  'PUT /redaction': {},
  'POST /redaction/try': { text: 'x' },
  'PUT /auth/password': { password: 'a long enough password' },
  'POST /sample/report': { knobs: { rate: 0, failureShare: 0 }, traffic: { started: 0, ok: 0, failed: 0, skipped: 0, inFlight: 0 }, agents: [] },
}

function fill(path: string): string {
  return path.replaceAll(/:(\w+)/g, (_all, name: string) => VALUES[name] ?? 'none')
}

test('every route asks for its role, whoever comes and whatever header they bring', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  const routes = [...new Set(api.app.routes.filter((route) => route.path.startsWith('/api/v1/') && route.method !== 'ALL').map((route) => `${route.method} ${route.path.slice('/api/v1'.length)}`))]
  expect(routes.filter((route) => !(route in POLICY)), 'routes without a line in the table').toEqual([])

  const wrong: string[] = []
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ')
    const needed = POLICY[route] ?? null
    const text = JSON.stringify(BODIES[route] ?? {})
    const body = method === 'GET' ? {} : { body: text, headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' } }
    const anonymous = await api.send(fill(path), { method, ...body, headers: { ...body.headers, 'x-middleware-subrequest': 'src/middleware:src/middleware', 'x-heddle-peer': `a ${route}` } })
    const refusedOutright = anonymous.status === 401 && needed !== null
    if (needed !== null ? !refusedOutright : anonymous.status === 403) wrong.push(`${route} answered ${anonymous.status} to nobody`)
    if (needed === null) continue
    for (const role of Object.keys(RANK) as Role[]) {
      const call = api.as(role)
      const verb = call[method.toLowerCase() as keyof typeof call]
      const { status } = await verb(fill(path), method === 'GET' ? undefined : text, body.headers)
      const let_in = status !== 401 && status !== 403
      if (let_in !== RANK[role] >= RANK[needed] && !REFUSED_LATER.has(`${role} ${route}`)) wrong.push(`${route} answered ${status} to ${role}`)
    }
  }
  expect(wrong).toEqual([])
})

/** Let in by role, then refused for what they are: a token has no password of its own. */
const REFUSED_LATER = new Set(['viewer', 'operator', 'admin'].map((role) => `${role} PUT /auth/password`))
