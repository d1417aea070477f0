import { expect, test, vi } from 'vitest'
import { LEASE_MS, type HeartbeatRequest } from '../contracts/sidecar.ts'
import { commitChange } from '../changes/commit.ts'
import type { Db } from '../db/client.ts'
import { listen } from '../db/listen.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { testDatabase } from '../testing/database.ts'
import { receiveHeartbeats } from './heartbeat.ts'
import { expireLeases, keepLeases } from './leases.ts'
import type { Commit } from './register.ts'
import { syncStaticInstances } from './static.ts'

const MESH = 'local'
const LOOM = { spiffeId: 'spiffe://weave.test/ns/default/agent/loom', namespace: 'default', agent: 'loom', proxyId: 'loom-1', serial: '40', issuerId: 'issuer' }

function beat(change: Partial<HeartbeatRequest> = {}): HeartbeatRequest {
  return {
    version: 'v1' as HeartbeatRequest['version'], state: 'ready', address: '127.0.0.1', inboundPort: 15001, outboundPort: 15002, adminPort: 15003,
    agentTarget: { port: 9000 }, transparent: null, zone: '', labels: {}, weight: 1, envoyBuild: 'test', holds: null, warnings: [], ...change,
  }
}

async function storedMesh() {
  const db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'weave.test')`, [MESH])
  return db
}

async function instancesOf(db: Db) {
  return (await readMeshState(db, MESH)).instances.map((instance) => `${instance.id} ${instance.version} ${instance.port}`)
}

/** Commits as control does, and remembers why. */
function committing(db: Db) {
  const reasons: string[] = []
  const commit: Commit = async (change) => {
    reasons.push(change.reason)
    return commitChange(db, change)
  }
  return { commit, reasons }
}

test('a heartbeat puts an instance into rotation once, registers its agent, and draining takes it out', async () => {
  await using db = await storedMesh()
  await using leases = keepLeases(db)
  const { commit, reasons } = committing(db)
  const { heartbeat, leave } = receiveHeartbeats({ db, mesh: MESH, leases, commit })
  await heartbeat(LOOM, beat({ state: 'starting' }))
  expect(await instancesOf(db)).toEqual([])
  await Promise.all([heartbeat(LOOM, beat()), heartbeat({ ...LOOM, proxyId: 'loom-2' }, beat({ inboundPort: 16001 }))])
  await heartbeat(LOOM, beat())
  expect(await instancesOf(db)).toEqual(['loom-1 v1 15001', 'loom-2 v1 16001'])
  expect(reasons).toEqual(['the first instance of loom v1 joined'])
  await heartbeat(LOOM, beat({ version: 'v2' as HeartbeatRequest['version'] }))
  expect(reasons).toEqual(['the first instance of loom v1 joined', 'the first instance of loom v2 joined'])
  expect((await readMeshState(db, MESH)).versions.map((version) => version.metadata.name)).toEqual(['loom-v1', 'loom-v2'])
  await heartbeat(LOOM, beat({ state: 'draining' }))
  expect(await instancesOf(db)).toEqual(['loom-2 v1 16001'])
  await leave({ ...LOOM, proxyId: 'loom-2' })
  expect(await instancesOf(db)).toEqual([])
})

test('an agent that shows a card on its first heartbeat is registered with all that the card says', async () => {
  await using db = await storedMesh()
  await using leases = keepLeases(db)
  const { heartbeat } = receiveHeartbeats({ db, mesh: MESH, leases, ...committing(db) })
  const card = { name: 'Loom', description: 'weaves', url: 'http://127.0.0.1:9000/', defaultInputModes: ['text/plain'], defaultOutputModes: ['image/png'], skills: [{ id: 'weave' }, { name: 'no id' }, 7, { id: 'dye', outputModes: ['text/html'] }] }
  await heartbeat(LOOM, beat({ card }))
  expect((await readMeshState(db, MESH)).agents[0]?.spec).toMatchObject({ protocol: 'a2a', description: 'weaves', capabilities: [{ id: 'weave', inputModes: ['text/plain'], outputModes: ['image/png'] }, { id: 'dye', outputModes: ['text/html'] }] })
})

test.each([['text', 'card'], ['a list', [1]], ['no card', { skills: [{ id: 'weave' }] }]])('%s in place of a card keeps no agent out of the mesh', async (_, card) => {
  await using db = await storedMesh()
  await using leases = keepLeases(db)
  const { heartbeat } = receiveHeartbeats({ db, mesh: MESH, leases, ...committing(db) })
  await heartbeat(LOOM, beat({ card }))
  expect((await readMeshState(db, MESH)).agents[0]?.spec).toMatchObject({ protocol: 'http', capabilities: [] })
  expect(await instancesOf(db)).toEqual(['loom-1 v1 15001'])
})

test('another agent cannot speak as a proxy that is not its own', async () => {
  await using db = await storedMesh()
  await using leases = keepLeases(db)
  const { heartbeat } = receiveHeartbeats({ db, mesh: MESH, leases, ...committing(db) })
  await heartbeat(LOOM, beat())
  await expect(heartbeat({ ...LOOM, agent: 'thief', spiffeId: 'spiffe://weave.test/ns/default/agent/thief' }, beat({ inboundPort: 1 }))).rejects.toThrow('another identity')
  expect(await instancesOf(db)).toEqual(['loom-1 v1 15001'])
})

test('a lease that is not renewed runs out; one that ran out while no control was there is first renewed', async () => {
  await using db = await storedMesh()
  await db.pool.query(
    `insert into instance (mesh, id, namespace, agent, version, address, port, source, lease_until) values ($1, 'old', 'default', 'loom', 'v1', '127.0.0.1', 1, 'sidecar', now() - interval '1 hour')`,
    [MESH],
  )
  await using leases = keepLeases(db)
  await vi.waitFor(async () => expect(await leases.renew(MESH, { ...LOOM, proxyId: 'nobody' })).toBe(false))
  const started = Date.now()
  expect(await instancesOf(db)).toEqual(['old v1 1']) // granted, though it had run out
  await vi.waitFor(async () => expect(await instancesOf(db)).toEqual([]), { timeout: LEASE_MS + 3000, interval: 100 })
  expect(Date.now() - started).toBeGreaterThan(LEASE_MS - 1000)
}, 15_000)

test('static instances of an agent are rows for as long as the object names them', async () => {
  await using db = await storedMesh()
  await db.pool.query(`insert into object (mesh, kind, namespace, name, revision, spec) values ($1, 'Agent', 'default', 'loom', 1, $2)`, [MESH, JSON.stringify({ instances: [{ address: '10.0.0.1', port: 80, version: 'v3', weight: 2 }] })])
  expect(await syncStaticInstances(db, MESH)).toBe(true)
  expect(await syncStaticInstances(db, MESH)).toBe(false)
  expect(await instancesOf(db)).toEqual(['static/default/loom/10.0.0.1:80 v3 80'])
  await db.pool.query(`update object set spec = '{}'`)
  expect(await syncStaticInstances(db, MESH)).toBe(true)
  expect(await instancesOf(db)).toEqual([])
})

const THIEF = { ...LOOM, agent: 'thief', spiffeId: 'spiffe://weave.test/ns/default/agent/thief' }

test('an agent that is deleted while it runs is back with its next heartbeat', async () => {
  await using db = await storedMesh()
  await using leases = keepLeases(db)
  const { heartbeat } = receiveHeartbeats({ db, mesh: MESH, leases, ...committing(db) })
  await heartbeat(LOOM, beat())
  await db.pool.query(`delete from object where kind in ('Agent', 'AgentVersion')`)
  await heartbeat(LOOM, beat())
  const state = await readMeshState(db, MESH)
  expect([...state.agents, ...state.versions].map(({ metadata }) => metadata.name)).toEqual(['loom', 'loom-v1'])
  await db.pool.query(`delete from object where kind = 'Agent'`)
  await heartbeat(LOOM, beat())
  expect((await readMeshState(db, MESH)).agents).toHaveLength(1)
})

test('the holder of an old certificate neither prolongs nor ends what another agent has under that name now', async () => {
  await using db = await storedMesh()
  await using leases = keepLeases(db)
  const { heartbeat, leave } = receiveHeartbeats({ db, mesh: MESH, leases, ...committing(db) })
  await heartbeat(LOOM, beat())
  await leave(THIEF)
  await expect(heartbeat(THIEF, beat({ state: 'stopped' }))).rejects.toThrow('another identity')
  expect(await instancesOf(db)).toEqual(['loom-1 v1 15001'])
  expect((await db.pool.query('select from proxy')).rowCount).toBe(1)
  expect(await leases.renew(MESH, THIEF)).toBe(false)
  expect(await leases.renew(MESH, LOOM)).toBe(true)
})

test('two agents whose versions would have one name are not taken for each other, and the second hears why', async () => {
  await using db = await storedMesh()
  await using leases = keepLeases(db)
  const { heartbeat } = receiveHeartbeats({ db, mesh: MESH, leases, ...committing(db) })
  const agent = (name: string) => ({ ...LOOM, agent: name, proxyId: name, spiffeId: `spiffe://weave.test/ns/default/agent/${name}` })
  await heartbeat(agent('search'), beat({ version: 'tools-v1' as HeartbeatRequest['version'] }))
  await expect(heartbeat(agent('search-tools'), beat())).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('search tools-v1') })
  expect(await instancesOf(db)).toEqual(['search tools-v1 15001'])
})

test('a lease that ends, and a static instance that goes, are told by the very statement that ends them', async () => {
  await using db = await storedMesh()
  const heard: unknown[] = []
  const connected = Promise.withResolvers<void>()
  await using _listening = listen(db.url, ['instance'], { onNotify: (_, payload) => heard.push(payload), onConnect: () => connected.resolve() })
  await connected.promise
  await db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source, lease_until) values ($1, 'old', 'default', 'loom', 'v1', '127.0.0.1', 1, 'sidecar', now() - interval '1 hour'), ($1, 'fixed', 'default', 'loom', 'v1', '127.0.0.1', 1, 'static', null)`, [MESH])
  const one = new Set<string>()
  const query = (sql: string, values?: unknown[]) => {
    if (one.size > 0) throw new Error('the process was killed after its statement')
    one.add(sql)
    return db.pool.query(sql, values)
  }
  const dying = { ...db, pool: { query } as unknown as Db['pool'] } // takes one statement, no more
  await expireLeases(dying)
  await expect.poll(() => heard).toEqual([{ mesh: MESH }])
  one.clear()
  expect(await syncStaticInstances(dying, MESH)).toBe(true)
  await expect.poll(() => heard).toHaveLength(2)
})
