import type { Alert, ObjectiveStatus, Silence } from '#server/contracts/objective.ts'
import type { Db } from '#server/db/client.ts'

/** Of every objective that has been looked at, the worst first. */
export async function readObjectiveStatuses(db: Db, mesh: string): Promise<ObjectiveStatus[]> {
  const rows = await db.prisma.objectiveState.findMany({ where: { mesh }, orderBy: [{ namespace: 'asc' }, { name: 'asc' }] })
  return rows
    .map(({ namespace, name, state, since, calls, good, budgetLeft, burn, cost, evaluatedAt }) => ({
      namespace,
      name,
      state: state as ObjectiveStatus['state'], // only the judge writes it
      since: since.toISOString(),
      calls,
      good,
      budgetLeft,
      burn: burn as ObjectiveStatus['burn'],
      cost: cost as ObjectiveStatus['cost'],
      evaluatedAt: evaluatedAt.toISOString(),
    }))
    .sort((a, b) => RANK[a.state] - RANK[b.state] || (a.budgetLeft ?? 1) - (b.budgetLeft ?? 1))
}

const RANK: Record<ObjectiveStatus['state'], number> = { burning: 0, spent: 1, 'no data': 2, met: 3 }

export interface AlertsQuery {
  running?: boolean
  at?: { namespace: string; objective: string }
  limit: number
  /** The last one of the page before. */
  after?: { startedAt: string; id: string }
}

interface Row {
  id: string
  namespace: string
  objective: string
  speed: Alert['speed']
  started_at: Date
  ended_at: Date | null
  peak: number
  silenced_by: string | null
  deliveries: Alert['deliveries'] | null
}

/** Newest first. */
export async function readAlerts(db: Db, mesh: string, { running, at, limit, after }: AlertsQuery): Promise<Alert[]> {
  const { rows } = await db.pool.query<Row>(ALERTS, [mesh, running ?? false, at?.namespace ?? null, at?.objective ?? null, after?.startedAt ?? null, after?.id ?? null, limit])
  return rows.map(({ started_at, ended_at, silenced_by, deliveries, ...row }) => ({ ...row, startedAt: started_at.toISOString(), endedAt: ended_at?.toISOString() ?? null, silencedBy: silenced_by, deliveries: deliveries ?? [] }))
}

const ALERTS = `
  select a.id, a.namespace, a.objective, a.speed, date_trunc('milliseconds', a.started_at) as started_at, a.ended_at, a.peak,
    case when a.ended_at is null then (select s.by from silence s where s.mesh = a.mesh and s.namespace = a.namespace and coalesce(s.objective, a.objective) = a.objective and s.until > now() order by s.until desc limit 1) end as silenced_by,
    (select jsonb_agg(jsonb_build_object('receiver', d.receiver, 'event', d.event, 'state', d.state, 'attempts', d.attempts, 'error', d.error) order by d.event, d.receiver) from alert_delivery d where d.alert = a.id) as deliveries
  from alert a
  where a.mesh = $1 and (not $2 or a.ended_at is null) and ($3::text is null or (a.namespace = $3 and a.objective = $4))
    and ($5::timestamptz is null or (date_trunc('milliseconds', a.started_at), a.id) < ($5, $6))
  order by date_trunc('milliseconds', a.started_at) desc, a.id desc limit $7`

/** Those that are not over. */
export async function readSilences(db: Db, mesh: string): Promise<Silence[]> {
  const rows = await db.prisma.silence.findMany({ where: { mesh, until: { gt: new Date() } }, orderBy: { until: 'asc' } })
  return rows.map(({ id, namespace, objective, until, by, reason }) => ({ id, namespace, objective, until: until.toISOString(), by, reason }))
}
