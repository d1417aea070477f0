// What probes found becomes rows: each probe's state, the instance's health, and the moments at which it changed.
import type { HealthProbeSpec, InstanceHealth, ProbeResult } from '../contracts/health-probe.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import { advance, UNKNOWN, worstOf, type ProbeState } from './advance.ts'

export interface ProbedInstance {
  mesh: string
  instance: string
  namespace: string
  agent: string
}

/** How near two texts are in meaning (cosine). */
export type Similarity = (one: string, other: string) => Promise<number>

const EVENTS_DAYS = 7

/** Results in the order in which they were found. What is not a probe of this agent any more is left out. */
export async function takeResults(db: Db, of: ProbedInstance, results: readonly ProbeResult[], specs: ReadonlyMap<string, HealthProbeSpec>, similarity: Similarity): Promise<void> {
  const judged: { result: ProbeResult; spec: HealthProbeSpec }[] = []
  for (const result of results) {
    const spec = specs.get(result.probe)
    if (spec) judged.push({ spec, result: await judgeMeaning(result, spec, similarity) })
  }
  if (judged.length > 0) await inTransaction(db.pool, (client) => writeResults(client, of, judged))
}

async function judgeMeaning(result: ProbeResult, spec: HealthProbeSpec, similarity: Similarity): Promise<ProbeResult> {
  const expect = spec.check.type === 'Task' || spec.check.type === 'HTTP' ? spec.check.expect : undefined
  if (!result.ok || result.answer === undefined || expect?.similarTo === undefined) return result
  const near = await similarity(expect.similarTo, result.answer)
  return near >= expect.similarityMin ? result : { ...result, ok: false, reason: `the answer is ${near.toFixed(2)} like the expected one, not ${expect.similarityMin}` }
}

async function writeResults(client: PoolClient, of: ProbedInstance, judged: readonly { result: ProbeResult; spec: HealthProbeSpec }[]): Promise<void> {
  const at = [of.mesh, of.instance]
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 8))', [at.join('/')])
  const { rows } = await client.query<ProbeState & { probe: string; reason: string }>(`select probe, state, ok, in_a_row as "inARow", reason from probe_state where mesh = $1 and instance = $2`, at)
  const states = new Map(rows.map((row) => [row.probe, row]))
  for (const { result, spec } of judged) {
    const before = states.get(result.probe) ?? { ...UNKNOWN, probe: result.probe, reason: '' }
    const after = { ...advance(before, result, spec), probe: result.probe, reason: result.reason }
    states.set(result.probe, after)
    if (after.state !== before.state) {
      await client.query('insert into probe_event (mesh, namespace, agent, instance, probe, was, became, reason) values ($1, $2, $3, $4, $5, $6, $7, $8)', [of.mesh, of.namespace, of.agent, of.instance, result.probe, before.state, after.state, describe(after.state, result)])
    }
    await client.query(
      `insert into probe_state (mesh, probe, instance, namespace, agent, state, in_a_row, ok, reason, latency_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (mesh, probe, instance) do update set state = excluded.state, in_a_row = excluded.in_a_row, ok = excluded.ok, reason = excluded.reason, latency_ms = excluded.latency_ms, checked_at = now()`,
      [of.mesh, result.probe, of.instance, of.namespace, of.agent, after.state, after.inARow, after.ok, after.reason, result.latencyMs],
    )
  }
  await settleHealth(client, of, [...states.values()])
}

function describe(state: InstanceHealth, { reason, said }: ProbeResult): string {
  if (said !== null && said === state) return reason || `the agent says that it is ${said}`
  return reason || (state === 'ready' ? 'it answers as it should' : '')
}

async function settleHealth(client: PoolClient, of: ProbedInstance, states: readonly (ProbeState & { reason: string })[]): Promise<void> {
  const health = worstOf(states.map(({ state }) => state))
  const reason = states.find(({ state }) => state === health)?.reason ?? ''
  const at = [of.mesh, of.instance, of.namespace, of.agent, health, reason]
  const { rowCount } = await client.query(
    `insert into instance_health as h (mesh, instance, namespace, agent, state, reason) values ($1, $2, $3, $4, $5, $6)
     on conflict (mesh, instance) do update set state = excluded.state, reason = excluded.reason, since = now() where h.state <> excluded.state`,
    at,
  )
  if (rowCount === 1) await notify(client, 'instance', { mesh: of.mesh })
  else await client.query('update instance_health set reason = $3 where mesh = $1 and instance = $2 and reason <> $3', [of.mesh, of.instance, reason])
}

/** Health of instances that are gone, and of probes that no object names any more. Doing it twice does no harm. */
export async function sweepHealth(db: Db, mesh: string): Promise<void> {
  const { rowCount } = await db.pool.query(
    `with lost as (
       delete from probe_state s where s.mesh = $1 and (
         not exists (select 1 from object o where o.mesh = s.mesh and o.kind = 'HealthProbe' and o.namespace || '/' || o.name = s.probe
           and exists (select 1 from jsonb_array_elements(o.spec->'targetRefs') t where t->>'name' = s.agent))
         or (not exists (select 1 from instance i where i.mesh = s.mesh and i.id = s.instance) and s.checked_at < now() - interval '5 minutes'))
       returning instance
     )
     delete from instance_health h where h.mesh = $1 and (exists (select 1 from lost where lost.instance = h.instance)
       or not exists (select 1 from probe_state s where s.mesh = h.mesh and s.instance = h.instance))`,
    [mesh],
  )
  if (rowCount) await notify(db.pool, 'instance', { mesh })
  await db.pool.query(`delete from probe_event where mesh = $1 and at < now() - make_interval(days => $2)`, [mesh, EVENTS_DAYS])
}
