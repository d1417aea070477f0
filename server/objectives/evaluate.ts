// One look at every objective: what it is now, and the alerts that begin and end by it.
import { randomUUID } from 'node:crypto'
import type { Objective, ObjectiveCost, ObjectiveSpec } from '../contracts/objective.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import { countCalls, readCurrency } from './counts.ts'
import { allowedCost, judge, type Counts, type Judgement, type Speed } from './judge.ts'

export async function evaluateObjectives(db: Db, mesh: string, objectives: readonly Objective[]): Promise<void> {
  const currency = objectives.some(({ spec }) => spec.indicator.type === 'Cost') ? await readCurrency(db, mesh) : ''
  for (const objective of objectives) {
    const counts = await countCalls(db, mesh, objective.metadata.namespace, objective.spec)
    await inTransaction(db.pool, (client) => note(client, mesh, objective, counts, costOf(objective.spec, counts, currency)))
  }
  await forgetOthers(db, mesh, objectives)
}

interface Running {
  id: string
  speed: Speed
  peak: number
}

async function note(client: PoolClient, mesh: string, { metadata: { namespace, name }, spec }: Objective, counts: Counts, cost: ObjectiveCost | null): Promise<void> {
  const { rows } = await client.query<Running>('select id, speed, peak from alert where mesh = $1 and namespace = $2 and objective = $3 and ended_at is null for update', [mesh, namespace, name])
  const running = rows[0] ?? null
  const judgement = judge(spec, counts, running?.speed ?? null)
  const { rows: changed } = await client.query<{ changed: boolean }>(STATE, [mesh, namespace, name, judgement.state, counts.window.calls, counts.window.good, judgement.budgetLeft, JSON.stringify(judgement.burn), cost && JSON.stringify(cost)])
  await noteAlert(client, { mesh, namespace, name, notified: spec.notify }, running, judgement)
  if (changed[0]?.changed || running?.speed !== (judgement.speed ?? undefined)) await notify(client, 'telemetry', { mesh })
}

const STATE = `
  with before as (select state from objective_state where mesh = $1 and namespace = $2 and name = $3)
  insert into objective_state as kept (mesh, namespace, name, state, calls, good, budget_left, burn, cost) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  on conflict (mesh, namespace, name) do update set state = $4, calls = $5, good = $6, budget_left = $7, burn = $8, cost = $9, evaluated_at = now(),
    since = case when kept.state = $4 then kept.since else now() end
  returning (select state from before) is distinct from state as changed`

function costOf(spec: ObjectiveSpec, counts: Counts, currency: string): ObjectiveCost | null {
  if (spec.indicator.type !== 'Cost') return null
  return { spent: counts.window.spent ?? 0, allowed: allowedCost(spec, counts, 'window'), currency, unpricedTokens: counts.window.unpricedTokens ?? 0 }
}

interface Told {
  mesh: string
  namespace: string
  name: string
  notified: readonly string[]
}

async function noteAlert(client: PoolClient, { mesh, namespace, name, notified }: Told, running: Running | null, { speed, burn }: Judgement): Promise<void> {
  const now = Math.max(0, ...Object.values(burn).map((rate) => rate ?? 0))
  if (running && running.speed === speed) {
    if (now > running.peak) await client.query('update alert set peak = $2 where id = $1', [running.id, now])
  } else {
    // One that becomes fast goes on as another alert, so its end is nobody's news.
    if (running) await endAlert(client, running.id, speed === null)
    if (speed) await client.query('insert into alert (id, mesh, namespace, objective, speed, peak) values ($1, $2, $3, $4, $5, $6)', [randomUUID(), mesh, namespace, name, speed, now])
  }
  await client.query(BEGAN, [mesh, namespace, name, notified])
}

/** Whoever was told that it began is told that it ended; what nobody was told yet is not told any more. */
async function endAlert(client: PoolClient, id: string, tells: boolean): Promise<void> {
  await client.query('update alert set ended_at = now() where id = $1', [id])
  if (tells) await client.query(`insert into alert_delivery (alert, receiver, event) select alert, receiver, 'ended' from alert_delivery where alert = $1 and event = 'began' and state = 'delivered'`, [id])
  await client.query(`delete from alert_delivery where alert = $1 and event = 'began' and state = 'waiting'`, [id])
}

/** The alert that runs is told once to each receiver, unless somebody silenced it: then when the silence is over and it still runs. */
const BEGAN = `
  insert into alert_delivery (alert, receiver, event)
  select alert.id, receiver, 'began' from alert cross join unnest($4::text[]) receiver
  where alert.mesh = $1 and alert.namespace = $2 and alert.objective = $3 and alert.ended_at is null
    and not exists (select from silence where silence.mesh = $1 and silence.namespace = $2 and coalesce(silence.objective, $3) = $3 and silence.until > now())
  on conflict do nothing`

async function forgetOthers(db: Db, mesh: string, objectives: readonly Objective[]): Promise<void> {
  const keys = objectives.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  await db.pool.query(`delete from objective_state where mesh = $1 and namespace || '/' || name <> all($2)`, [mesh, keys])
  await db.pool.query(`update alert set ended_at = now() where mesh = $1 and ended_at is null and namespace || '/' || objective <> all($2)`, [mesh, keys])
  await db.pool.query(`delete from alert where mesh = $1 and ended_at < now() - interval '${KEPT}'`, [mesh])
}

const KEPT = '90 days'
