import { expect, test } from 'vitest'
import { testDatabase } from '#server/testing/database.ts'
import { readParts } from './parts.ts'

const MESH = 'local'

test('a control process and a collector are here while they are heard, and away when a connected proxy hears nothing', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.local') on conflict do nothing`, [MESH])
  expect(await readParts(db, MESH)).toEqual({ control: { state: 'away', heardAt: null }, collector: { state: 'unknown', heardAt: null } })

  await db.pool.query(`insert into control_process (id, address) values ('c1', '127.0.0.1:1')`)
  await db.pool.query(`insert into proxy (mesh, id, namespace, agent, version, spiffe_id, control_id, connected_at) values ($1, 'p1', 'default', 'a', 'v1', 'spiffe://mesh.local/ns/default/agent/a', 'c1', now() - interval '5 min')`, [MESH])
  expect(await readParts(db, MESH)).toMatchObject({ control: { state: 'here' }, collector: { state: 'away', heardAt: null } })

  await db.pool.query(`insert into telemetry.ingest (collector, bucket, requests, spans, points, bytes, content_dropped, lag_ms, waiting_bytes, refused) values ('o1', now() - interval '5 s', 1, 1, 0, 1, 0, 1, 0, '{}')`)
  expect(await readParts(db, MESH)).toMatchObject({ collector: { state: 'here' } })
  await db.pool.query(`update telemetry.ingest set bucket = now() - interval '2 min'`)
  await db.pool.query(`update control_process set heartbeat_at = now() - interval '1 min'`)
  expect(await readParts(db, MESH)).toMatchObject({ control: { state: 'away' }, collector: { state: 'away' } })
})
