// The issuing certificate is rotated under load, on real Envoys, and stopped, reversed and interrupted on the way.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRotation } from '../queries/rotations.ts'
import { readCertificates } from '../queries/certificates.ts'
import { testDatabase } from './database.ts'
import { eventually, openLoop } from './load.ts'
import { startSidecarMesh, TEST_MESH, type JoinedAgent, type SidecarMesh } from './sidecar-mesh.ts'

const MESH = TEST_MESH.name
/** Short enough that ordinary renewals happen in the middle of it too, longer than a proxy is silent here. */
const SVID_TTL = '60s'

let mesh: SidecarMesh
let loom: JoinedAgent
let shuttle: JoinedAgent

beforeAll(async () => {
  mesh = await startSidecarMesh(await testDatabase(), { HEDDLE_SVID_TTL: SVID_TTL })
  ;[loom, shuttle] = await Promise.all([mesh.join('loom'), mesh.join('shuttle')])
  await eventually('loom reaches shuttle', 15_000, async () => (await loom.out.call('shuttle.default.mesh')).status === 200)
}, 90_000)
afterAll(() => mesh?.[Symbol.asyncDispose](), 60_000)

const issuer = async () => (await readCertificates(mesh.db, MESH)).authorities.find((ca) => ca.role === 'issuing' && ca.state === 'active')?.id

/** Calls through both sidecars, and calls with a handshake each straight to the inbound listener. */
async function underLoad(work: () => Promise<void>): Promise<void> {
  const through = openLoop(20, () => loom.out.call('shuttle.default.mesh'))
  const handshakes = openLoop(20, () => mesh.handshake(loom, shuttle))
  try {
    await work()
  } finally {
    const [calls, fresh] = await Promise.all([through.stop(), handshakes.stop()])
    expect(fresh.length).toBeGreaterThan(50)
    expect(calls.filter(({ status }) => status !== 200)).toEqual([])
    expect(fresh.filter(({ status }) => status !== 200)).toEqual([])
  }
}

test('a whole rotation, through a kill of control, costs no request; afterwards the old root is gone everywhere', async () => {
  const before = await issuer()
  await underLoad(async () => {
    const id = await mesh.rotate()
    await expect(mesh.rotate()).rejects.toThrow('runs already')
    await mesh.rotationAt(id, 'running', 'reissue')
    await mesh.control.kill()
    await mesh.control.start()
    const waiting = await mesh.rotationAt(id, 'waiting', 'retire')
    expect(waiting).toMatchObject({ proved: 2, of: 2, from: before })
    expect(waiting.proxies.every(({ trustsNew, holdsNew, trustsOld }) => trustsNew && holdsNew && trustsOld)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await mesh.rotationAt(id, 'waiting', 'retire', 0) // it waits for a person
    await mesh.wish(id, 'retire')
    await mesh.rotationAt(id, 'done', 'done')
    await eventually('no proxy trusts the old root', 10_000, async () => {
      const { rows } = await mesh.db.pool.query<{ roots: number }>(`select max(jsonb_array_length(identity->'trusts'))::int as roots from proxy`)
      return rows[0]?.roots === 1
    })
  })
  expect(await issuer()).not.toBe(before)
  const keys = await mesh.db.pool.query('select 1 from ca_key where ca_id = $1', [before])
  expect(keys.rowCount).toBe(0)
}, 120_000)

test('paused it stays where it is; cancelled it goes back to the old issuer, and costs no request', async () => {
  const before = await issuer()
  await underLoad(async () => {
    const id = await mesh.rotate()
    await mesh.rotationAt(id, 'waiting', 'retire')
    await mesh.wish(id, 'pause')
    await mesh.rotationAt(id, 'paused', 'retire')
    await mesh.wish(id, 'resume')
    await mesh.rotationAt(id, 'waiting', 'retire')
    await mesh.wish(id, 'cancel')
    await mesh.rotationAt(id, 'cancelled', 'cancelled')
    await expect(mesh.wish(id, 'resume')).rejects.toThrow('has ended')
  })
  expect(await issuer()).toBe(before)
  const { rows } = await mesh.db.pool.query<{ holds: string }>(`select identity->>'issuerId' as holds from proxy`)
  expect(rows.map(({ holds }) => holds)).toEqual([before, before])
}, 120_000)

test('a silent proxy blocks the last step until it is back', async () => {
  process.kill(shuttle.process.pid ?? 0, 'SIGSTOP')
  const id = await mesh.rotate()
  try {
    const waiting = await eventually('the silent proxy is waited for', 30_000, async () => {
      const rotation = await readRotation(mesh.db, MESH, id)
      return rotation?.step === 'retire' && rotation.waitsFor.length > 0 ? rotation : null
    })
    expect(waiting.waitsFor.join()).toContain(`${shuttle.proxyId}: is silent`)
    await expect(mesh.wish(id, 'retire')).rejects.toThrow('is silent')
    expect(waiting.proxies.find(({ proxy }) => proxy === shuttle.proxyId)).toMatchObject({ connected: false, holdsNew: false })
  } finally {
    process.kill(shuttle.process.pid ?? 0, 'SIGCONT')
  }
  await eventually('nothing blocks it any more', 20_000, async () => (await readRotation(mesh.db, MESH, id))?.waitsFor.length === 0)
  await mesh.wish(id, 'retire')
  await mesh.rotationAt(id, 'done', 'done')
  await eventually('loom reaches shuttle', 10_000, async () => (await loom.out.call('shuttle.default.mesh')).status === 200)
}, 120_000)
