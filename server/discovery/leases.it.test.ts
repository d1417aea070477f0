import { expect, test, vi } from 'vitest'
import { LEASE_MS, type HeartbeatRequest } from '../contracts/sidecar.ts'
import { commitChange } from '../changes/commit.ts'
import type { Db } from '../db/client.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { testDatabase } from '../testing/database.ts'
import { receiveHeartbeats } from './heartbeat.ts'
import { keepLeases } from './leases.ts'
import type { Commit } from './register.ts'
import { syncStaticInstances } from './static.ts'

const MESH = 'local'
const LOOM = { spiffeId: 'spiffe://weave.test/ns/default/agent/loom', namespace: 'default', agent: 'loom', proxyId: 'loom-1', serial: '40', issuerId: 'issuer' }

function beat(change: Partial<HeartbeatRequest> = {}): HeartbeatRequest {
  return {
    version: 'v1' as HeartbeatRequest['version'], state: 'ready', address: '127.0.0.1', inboundPort: 15001, outboundPort: 15002, adminPort: 15003,
    agentTarget: { port: 9000 }, zone: '', labels: {}, weight: 1, envoyBuild: 'test', holds: null, warnings: [], ...change,
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
  await vi.waitFor(async () => expect(await leases.renew(MESH, 'nobody')).toBe(false))
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
