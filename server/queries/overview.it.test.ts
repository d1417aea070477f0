import { expect, test } from 'vitest'
import { testDatabase } from '#server/testing/database.ts'
import { readGraph } from './graph.ts'
import { readOverview } from './overview.ts'

const MESH = 'local'

async function count(db: Awaited<ReturnType<typeof testDatabase>>, edge: { source: string; target: string; protocol: string; evidence: 0 | 1; requests: number; errors: number; mtls: number }, at: Date) {
  const { rows } = await db.pool.query<{ id: number }>(
    `insert into telemetry.edge (mesh, source, source_version, target, target_version, protocol) values ($1, $2, '', $3, '', $4) returning id`,
    [MESH, edge.source, edge.target, edge.protocol],
  )
  for (const resolution of [10, 60, 3600]) {
    await db.pool.query(
      `insert into telemetry.edge_bucket (resolution, bucket, edge_id, evidence, requests, errors, refused, retries, mtls, bytes_sent, bytes_received, input_tokens, output_tokens, duration_us, latency)
       values ($1::smallint, to_timestamp(floor(extract(epoch from $2::timestamptz) / $1::int) * $1::int), $3, $4, $5, $6, 0, 0, $7, 0, 0, 0, 0, 0, array[500, $8::int])`,
      [resolution, at, rows[0]?.id, edge.evidence, edge.requests, edge.errors, edge.mtls, edge.requests],
    )
  }
}

test('every figure of the overview agrees with the graph of its window, and an edge that two witnesses saw counts once', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.local') on conflict do nothing`, [MESH])
  const now = new Date()
  const at = new Date(now.getTime() - 60_000)
  await db.pool.query('select telemetry.ensure_day(($1::timestamptz at time zone $2)::date)', [at, 'UTC'])
  await count(db, { source: 'agent/default/a', target: 'agent/default/b', protocol: '', evidence: 0, requests: 100, errors: 5, mtls: 90 }, at)
  await count(db, { source: 'agent/default/a', target: 'agent/default/b', protocol: 'http', evidence: 1, requests: 80, errors: 4, mtls: 0 }, at)
  await count(db, { source: 'agent/default/b', target: 'agent/default/c', protocol: 'http', evidence: 1, requests: 20, errors: 0, mtls: 0 }, at)

  const graph = await readGraph(db, MESH, { from: new Date(now.getTime() - 900_000), to: now, by: 'agent' })
  const overview = await readOverview(db, MESH, graph)
  const seconds = (Date.parse(overview.to) - Date.parse(overview.from)) / 1000

  const { perSecond, errorShare } = overview.signals
  expect((perSecond.now ?? 0) * seconds).toBeCloseTo(120)
  expect(errorShare.now).toBeCloseTo(5 / 120)
  expect(perSecond.series.reduce<number>((sum, value) => sum + (value ?? 0), 0) * (seconds / perSecond.series.length)).toBeCloseTo(120)
  expect(overview.agents.reduce((sum, agent) => sum + agent.requests, 0)).toBe(120)
  expect(overview.mesh).toMatchObject({ authenticatedShare: 0.9, openEdges: 1, outageBudgetMs: null, telemetry: null, controls: 0 })
  expect(overview.worstEdge).toMatchObject({ source: 'a', target: 'b', errorShare: 0.05 })
  expect(overview.agents.find((agent) => agent.name === 'b')).toMatchObject({ level: 'traces', registered: false, requests: 100 })
})

test('an empty mesh has nothing to say and says so', async () => {
  await using db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'mesh.local') on conflict do nothing`, [MESH])
  const now = new Date()
  const overview = await readOverview(db, MESH, await readGraph(db, MESH, { from: new Date(now.getTime() - 900_000), to: now, by: 'agent' }))
  expect(overview).toMatchObject({ agentsTotal: 0, waits: [], changes: [], sample: null, signals: { perSecond: { now: null } }, mesh: { proxies: { inSync: 0, of: 0 } } })
})
