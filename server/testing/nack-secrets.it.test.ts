// A proxy that refuses repeats what it refused, in its answer and in its log. Whatever somebody put there, a private key goes no further.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commitChange } from '../changes/commit.ts'
import { route } from '../compile/fixtures.ts'
import { refOf } from '../contracts/object.ts'
import type { Db } from '../db/client.ts'
import { readProxies } from '../queries/proxies.ts'
import { readRevisionStatus } from '../queries/revision-status.ts'
import { testDatabase } from './database.ts'
import { eventually } from './load.ts'
import { startSidecarMesh, TEST_MESH } from './sidecar-mesh.ts'

const SECRET = 'MHcCAQEEIKeyMaterialThatNobodyMaySee0123456789'
const KEY = `-----BEGIN EC PRIVATE KEY-----\n${SECRET}\n-----END EC PRIVATE KEY-----`

test('a refusal whose words hold a private key shows that it refused, and the key in no row, answer or log', async () => {
  const db = await testDatabase()
  await using mesh = await startSidecarMesh(db)
  const caller = await mesh.join('caller')
  await mesh.join('callee')
  // Past the validator, which takes no line break in a header: Envoy refuses it and repeats the whole virtual host.
  const set = [{ name: 'x-key', value: KEY }]
  const bad = route('callee', { parentRefs: [{ name: 'callee' }], rules: [{ filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set } }], backendRefs: [{ name: 'callee' }] }] })
  const result = await commitChange(db, { mesh: TEST_MESH.name, author: 'test', reason: '', changes: [{ ref: refOf(bad), expected: 'any', after: bad }] })
  const revision = result.outcome === 'committed' ? (result.revision ?? 0) : 0
  const status = await eventually('the refusal', 20_000, async () => {
    const now = await readRevisionStatus(db, TEST_MESH.name, revision)
    return now.rejected.length > 0 ? now : null
  })
  const said = JSON.stringify([status, await readProxies(db, TEST_MESH.name, { limit: 10 })])
  expect(status.rejected[0]?.reason.length).toBeGreaterThan(10)
  expect(said).not.toContain(SECRET)
  expect(await rowsWith(db, SECRET)).toEqual(['object', 'revision_change']) // where its author put it, and nowhere else
  expect(caller.output() + mesh.control.output()).not.toContain(SECRET)
  expect(filesWith(mesh.home, SECRET)).toEqual([])
}, 90_000)

async function rowsWith(db: Db, text: string): Promise<string[]> {
  const { rows } = await db.pool.query<{ name: string }>(`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`)
  const found: string[] = []
  for (const { name } of rows) if ((await db.pool.query(`select 1 from "${name}" as one where one::text like $1 limit 1`, [`%${text}%`])).rowCount) found.push(name)
  return found
}

function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = join(directory, name)
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path).includes(text)
  })
}
