import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Db } from '../db/client.ts'
import { testDatabase } from '../testing/database.ts'
import { requestRotation, wishRotation } from './rotation-wishes.ts'

const MESH = 'local'
const RETIRE = { state: 'waiting', step: 'retire', waits: [] as string[], ended: false }
let db: Db

beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.local') on conflict do nothing`, [MESH])
})
beforeEach(async () => void (await db.pool.query('delete from rotation')))
afterAll(() => db[Symbol.asyncDispose]())

test.each([
  ['pause', { ...RETIRE, state: 'paused' }, 'paused already'],
  ['retire', { ...RETIRE, state: 'paused' }, 'resume it first'],
  ['resume', RETIRE, 'not paused'],
  ['retire', { ...RETIRE, step: 'prove' }, 'at the step “prove”'],
  ['retire', { ...RETIRE, waits: ['shuttle is silent'] }, 'shuttle is silent'],
  ['cancel', { ...RETIRE, state: 'done', step: 'done', ended: true }, 'has ended'],
  ['pause', { ...RETIRE, state: 'running', step: 'cancelled' }, 'on its way back'],
] as const)('%s is refused of %j, and nothing is wished', async (wish, { state, step, waits, ended }, words) => {
  const id = await requestRotation(db, { mesh: MESH, by: 'ada', reason: '' })
  await db.pool.query('update rotation set state = $2, step = $3, waits_for = $4, ended_at = case when $5 then now() end where id = $1', [id, state, step, JSON.stringify(waits), ended])
  await expect(wishRotation(db, { mesh: MESH, id, wish, by: 'ada' })).rejects.toThrow(words)
  expect((await db.pool.query('select wish from rotation')).rows).toEqual([{ wish: null }])
  expect((await db.pool.query('select 1 from audit where action = $1', [`rotation.${wish}`])).rowCount).toBe(0)
})

test('a wish for a rotation that is not there is refused, and a second rotation while one runs', async () => {
  await expect(wishRotation(db, { mesh: MESH, id: randomUUID(), wish: 'pause', by: 'ada' })).rejects.toMatchObject({ code: 'not_found' })
  await requestRotation(db, { mesh: MESH, by: 'ada', reason: '' })
  await expect(requestRotation(db, { mesh: MESH, by: 'bob', reason: '' })).rejects.toMatchObject({ code: 'conflict' })
})
