// What comes in: identities, policies, forged headers, plaintext, and gateways.
import { expect, test } from 'vitest'
import { agent, gateway, policy, route } from '../compile/fixtures.ts'
import { NOT_BEGUN_HEADER } from '../compile/another-agent.ts'
import { testDatabase } from '../testing/database.ts'
import { freePort } from '../testing/free-port.ts'
import { callerThrough, eventually } from '../testing/load.ts'
import { startNativeMesh, type NativeMesh } from '../testing/native-mesh.ts'
import { notify } from '../db/listen.ts'

test('policies decide by identity, method and path; an edit of one reaches live connections and drains nothing', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('guest'), agent('clerk'), agent('vault')])
  const guest = await mesh.addProxy('guest')
  const clerk = await mesh.addProxy('clerk')
  const vault = await mesh.addProxy('vault')
  const ask = async (path = '/', method = 'GET') => [(await guest.out.call('vault', { path, method })).status, (await clerk.out.call('vault', { path, method })).status]
  expect(await ask()).toEqual([200, 200])
  await mesh.accepted(await mesh.commit([policy('clerks', { targetRefs: [{ name: 'vault' }], action: 'Allow', rules: [{ from: [{ agents: ['clerk'] }], to: [{ methods: ['GET'], paths: ['/', '/files/*'] }] }] })]))
  expect(await ask()).toEqual([403, 200])
  expect(await ask('/files/a')).toEqual([403, 200])
  expect(await ask('/admin')).toEqual([403, 403])
  expect(await ask('/files/../admin')).toEqual([403, 403])
  expect(await ask('/files/%2e%2e%2fadmin')).toEqual([400, 400])
  expect(await ask('/', 'POST')).toEqual([403, 403])
  await mesh.accepted(await mesh.commit([policy('no-clerk', { targetRefs: [{ name: 'vault' }], action: 'Deny', rules: [{ from: [{ identities: ['spiffe://mesh.test/ns/default/agent/clerk'] }] }] })]))
  expect(await ask()).toEqual([403, 403])
  await mesh.accepted(await mesh.commit([], [{ kind: 'AuthorizationPolicy', namespace: 'default', name: 'no-clerk' }, { kind: 'AuthorizationPolicy', namespace: 'default', name: 'clerks' }]))
  expect(await ask()).toEqual([200, 200])
  expect(await vault.stat('listener_manager.listener_modified')).toBe(0)

  // A revoked identity is refused whatever the policies say, on the connection that it has.
  await revoke(mesh, 'spiffe://mesh.test/ns/default/agent/guest')
  await eventually('the revoked one is refused', 3000, async () => (await guest.out.call('vault')).status === 403)
  expect((await clerk.out.call('vault')).status).toBe(200)
})

test('what a caller forges does not arrive: control headers, spans of others, an identity', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('forger'), agent('judge')])
  const forger = await mesh.addProxy('forger')
  const judge = await mesh.addProxy('judge')
  const forged = { 'x-envoy-upstream-rq-timeout-ms': '1', 'x-envoy-decorator-operation': 'other', 'x-heddle-caller': 'me', 'x-heddle-spiffe-caller': 'me', 'x-forwarded-client-cert': 'URI=spiffe://mesh.test/ns/default/agent/king', 'x-mine': 'kept' }
  expect((await forger.out.call('judge', { headers: forged })).status).toBe(200)
  const headers = judge.agent.received[0]!.headers
  const arrived = Object.keys(forged).filter((name) => headers[name] === forged[name as keyof typeof forged])
  expect(arrived).toEqual(['x-mine'])
  expect(headers['x-forwarded-client-cert']).toContain('URI=spiffe://mesh.test/ns/default/agent/forger')
  expect(headers['x-forwarded-client-cert']).not.toContain('king')
  expect(headers['x-mine']).toBe('kept')
})

test('an agent cannot have its callers ask again: that a call reached nobody is for its sidecar to say', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('forger'), agent('judge')])
  const [forger, judge] = [await mesh.addProxy('forger'), await mesh.addProxy('judge')]
  judge.agent.server.prependListener('request', (_, response) => response.setHeader(NOT_BEGUN_HEADER, 'true'))
  expect(await forger.out.call('judge')).toMatchObject({ status: 200, headers: expect.not.objectContaining({ [NOT_BEGUN_HEADER]: 'true' }) as object })
  judge.agent.server.close().closeAllConnections()
  expect(await forger.out.call('judge')).toMatchObject({ status: 503, headers: { [NOT_BEGUN_HEADER]: 'true' } })
})

test('strict takes mutual TLS alone; permissive takes plaintext as well, and says nobody’s identity for it', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('stranger'), agent('inn', { mtls: 'permissive' })])
  const stranger = await mesh.addProxy('stranger')
  const inn = await mesh.addProxy('inn')
  using plain = callerThrough(inn.inboundPort)
  expect((await plain.call('inn', { headers: { 'x-forwarded-client-cert': 'URI=spiffe://mesh.test/x' } })).status).toBe(200)
  expect(inn.agent.received[0]!.headers['x-forwarded-client-cert']).toBeUndefined()
  expect((await stranger.out.call('inn')).status).toBe(200)
  await mesh.accepted(await mesh.commit([agent('inn')]))
  await eventually('plaintext is refused', 3000, async () => {
    using fresh = callerThrough(inn.inboundPort)
    return (await fresh.call('inn')).status === 0
  })
  expect((await stranger.out.call('inn')).status).toBe(200)
})

test('a gateway takes plain HTTP on the sidecar of its agent and follows its routes', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const port = await freePort()
  await mesh.commit([
    agent('porter'),
    agent('cook'),
    gateway('front', 'porter', [{ name: 'http', port, protocol: 'HTTP' }]),
    route('front', { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'front' }], rules: [{ matches: [{ path: { value: '/kitchen' } }], backendRefs: [{ name: 'cook' }] }, { backendRefs: [{ name: 'porter' }] }] }),
  ])
  const porter = await mesh.addProxy('porter')
  const cook = await mesh.addProxy('cook', { version: 'v9' })
  using outside = callerThrough(port)
  expect((await eventually('the gateway answers', 3000, async () => ((answer) => answer.status === 200 && answer)(await outside.call('anything.example', { path: '/kitchen/soup' }))) as { body: string }).body).toBe('v9')
  expect(cook.agent.received.at(-1)!.headers['x-forwarded-client-cert']).toContain('agent/porter')
  expect((await outside.call('anything.example')).body).toBe('v1')
  expect(porter.agent.received).toHaveLength(1)
})

test('an agent without a sidecar, listed by hand, is called in plaintext', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('modern')])
  const modern = await mesh.addProxy('modern')
  const legacy = await mesh.addProxy('unused') // for its plain HTTP server
  await mesh.accepted(await mesh.commit([agent('legacy', { instances: [{ address: '127.0.0.1', port: legacy.agent.port }] }), agent('named', { instances: [{ address: 'localhost', port: legacy.agent.port }] })]))
  for (const host of ['legacy.default.mesh', 'named.default.mesh']) await eventually(host, 3000, async () => (await modern.out.call(host)).status === 200)
})

async function revoke(mesh: NativeMesh, spiffeId: string): Promise<void> {
  await mesh.db.pool.query(`insert into certificate_authority (id, mesh, role, state, subject, serial, pem, not_before, not_after) values ('ca', 'local', 'issuing', 'active', 'x', '1', 'x', now(), now() + interval '1 day')`)
  await mesh.db.pool.query(`insert into svid (serial, mesh, spiffe_id, proxy, issuer_id, not_before, not_after, revoked_at) values ('1', 'local', $1, 'x', 'ca', now(), now() + interval '1 day', now())`, [spiffeId])
  await notify(mesh.db.pool, 'identity', { mesh: 'local' })
}
