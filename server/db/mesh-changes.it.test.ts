import { expect, test } from 'vitest'
import { commitChange } from '../changes/commit.ts'
import { agent, agentVersion, split } from '../compile/fixtures.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { refOf, type MeshObject, type ObjectRef } from '../contracts/object.ts'
import { testDatabase } from '../testing/database.ts'
import type { Db } from './client.ts'
import { forgetChanges, readChanges, readWhole, type MeshReading } from './mesh-changes.ts'
import { readMeshState } from './mesh-state.ts'

const MESH = 'local'
const INSTANCE = `insert into instance (mesh, id, namespace, agent, version, address, port, source, lease_until) values ('local', $1, 'default', 'loom', $2, '127.0.0.1', $3, 'sidecar', now())`

async function commit(db: Db, objects: readonly MeshObject[], remove: readonly ObjectRef[] = []): Promise<void> {
  const changes = [...objects.map((object) => ({ ref: refOf(object), expected: 'any' as const, after: object })), ...remove.map((ref) => ({ ref, expected: 'any' as const, after: null }))]
  await commitChange(db, { mesh: MESH, author: 'test', reason: '', changes })
}

/** In one order, since a list's own means nothing. */
function sorted(state: MeshState) {
  const key = (one: unknown) => JSON.stringify(one)
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, Array.isArray(value) ? value.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) : value]))
}

async function next(db: Db, held: MeshReading): Promise<MeshReading> {
  const reading = await readChanges(db, held)
  if (!reading) throw new Error('this asks for a whole reading')
  expect(sorted(reading.state)).toEqual(sorted(await readMeshState(db, MESH)))
  return reading
}

test('reading by changes tells what a whole reading tells, and what did not change is the same value', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.test')`, [MESH])
  await commit(db, [agent('loom'), agent('reed'), agentVersion('loom', 'v1'), split('loom', { v1: 1 })])
  await db.pool.query(INSTANCE, ['a', 'v1', 1])
  const first = await readWhole(db, MESH)

  const same = await next(db, first)
  expect(same.state).toBe(first.state)
  await db.pool.query(`update instance set lease_until = now() + interval '1 minute'`)
  const renewed = await next(db, same)
  expect(renewed.state).toBe(first.state)

  await commit(db, [split('loom', { v1: 2 })])
  const edited = await next(db, renewed)
  expect(edited.state.revision).toBe(first.state.revision + 1)
  expect(edited.state.routes).not.toBe(first.state.routes)
  expect([edited.state.agents, edited.state.instances, edited.state.versions]).toEqual([first.state.agents, first.state.instances, first.state.versions])
  expect(edited.state.agents).toBe(first.state.agents)
  expect(edited.state.instances).toBe(first.state.instances)

  await commit(db, [agent('shuttle')], [{ kind: 'Agent', namespace: 'default', name: 'reed' }])
  await commit(db, [], [{ kind: 'HTTPRoute', namespace: 'default', name: 'loom' }])
  await db.pool.query(INSTANCE, ['b', 'v1', 2])
  await db.pool.query(`update instance set port = 9, weight = 3 where id = 'a'`)
  const many = await next(db, edited)
  expect(many.state.instances.map(({ id, port }) => [id, port])).toEqual([['a', 9], ['b', 2]])

  await db.pool.query(`insert into instance_health (mesh, instance, namespace, agent, state, reason) values ($1, 'a', 'default', 'loom', 'degraded', 'x')`, [MESH])
  const ill = await next(db, many)
  expect(ill.state.instances.map(({ health }) => health)).toEqual(['degraded', undefined])
  await db.pool.query('delete from instance_health')
  await db.pool.query(`update instance set state = 'draining' where id = 'b'`)
  const drained = await next(db, ill)
  expect(drained.state.instances.map(({ id, health }) => [id, health])).toEqual([['a', undefined]])
  await db.pool.query('delete from instance')
  expect((await next(db, drained)).state.instances).toEqual([])
})

test('a transaction that began before a reading and ends after it is in the next one, though a later one was read before it', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.test')`, [MESH])
  await commit(db, [agent('loom')])
  const first = await readWhole(db, MESH)
  const slow = await db.pool.connect()
  try {
    await slow.query('begin')
    await slow.query(INSTANCE, ['slow', 'v1', 1])
    await db.pool.query(INSTANCE, ['quick', 'v1', 2])
    const second = await next(db, first)
    expect(second.state.instances.map(({ id }) => id)).toEqual(['quick'])
    await slow.query('commit')
    expect((await next(db, second)).state.instances.map(({ id }) => id).sort()).toEqual(['quick', 'slow'])
  } finally {
    slow.release()
  }
})

test('who read too long ago, another history or another trust domain, reads everything; old changes go', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.test')`, [MESH])
  await commit(db, [agent('loom')])
  await db.pool.query(INSTANCE, ['a', 'v1', 1])
  const held = await readWhole(db, MESH)
  expect(await readChanges(db, { ...held, at: performance.now() - 6 * 60_000 })).toBeNull()
  expect(await readChanges(db, { ...held, state: { ...held.state, revision: held.state.revision + 1 } })).toBeNull()
  expect(await readChanges(db, { ...held, state: { ...held.state, trustDomain: 'other.test' } })).toBeNull()
  await forgetChanges(db)
  expect((await db.pool.query('select from instance_change')).rowCount).toBe(1)
  await db.pool.query(`update instance_change set at = now() - interval '16 minutes'`)
  await forgetChanges(db)
  expect((await db.pool.query('select from instance_change')).rowCount).toBe(0)
})
