// Tells receivers of alerts: each message at least once, a failing receiver later and later, and given up after some hours.
import type { Alert, AlertMessage, Receiver } from '../contracts/objective.ts'
import { messageOf, MeshError } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { fetchOutside, type Outside } from '../fetch/fetch.ts'
import { readReceivers } from '../db/receivers.ts'
import type { Mail } from './mail.ts'

const RETRY_S = { first: 5, most: 3600 }
const ATTEMPTS_MAX = 10
const AT_ONCE = 20

export interface Teller {
  outside: Outside
  /** Null where no mail server is set. */
  mail: Mail | null
  /** Of the console. */
  publicUrl: string
}

interface Due extends Pick<Alert, 'namespace' | 'objective' | 'speed'> {
  alert: string
  receiver: string
  event: 'began' | 'ended'
  attempts: number
  started_at: Date
  ended_at: Date | null
}

/** Sends what is due. Whoever dies between an answer and its row sends once more: `id` and `event` tell the receiver. */
export async function deliverAlerts(db: Db, mesh: string, teller: Teller): Promise<void> {
  const { rows } = await db.pool.query<Due>(DUE, [mesh, AT_ONCE])
  if (rows.length === 0) return
  const receivers = new Map((await readReceivers(db, mesh)).map((one) => [one.name, one]))
  await Promise.all(
    rows.map(async (due) => {
      const receiver = receivers.get(due.receiver)
      const error = await tell(teller, receiver, due.receiver, messageFor(mesh, teller.publicUrl, due)).then(() => null, messageOf)
      const attempts = due.attempts + 1
      const state = error === null ? 'delivered' : attempts >= ATTEMPTS_MAX ? 'failed' : 'waiting'
      await db.pool.query('update alert_delivery set state = $4, attempts = $5, error = $6, next_at = now() + make_interval(secs => $7) where alert = $1 and receiver = $2 and event = $3', [due.alert, due.receiver, due.event, state, attempts, error, Math.min(RETRY_S.first * 2 ** due.attempts, RETRY_S.most)])
    }),
  )
}

const DUE = `
  select d.alert, d.receiver, d.event, d.attempts, a.namespace, a.objective, a.speed, a.started_at, a.ended_at
  from alert_delivery d join alert a on a.id = d.alert where d.state = 'waiting' and d.next_at <= now() and a.mesh = $1 order by d.next_at limit $2`

/** Throws a sentence when the receiver did not take it. */
export async function tell({ outside, mail }: Teller, receiver: Receiver | undefined, name: string, message: AlertMessage): Promise<void> {
  if (!receiver) throw new MeshError('not_found', `there is no receiver “${name}” any more`)
  if (receiver.type === 'email') {
    if (!mail) throw new MeshError('unavailable', 'no mail server is set: HEDDLE_SMTP_URL')
    return mail.send(receiver.to, message)
  }
  const { status } = await fetchOutside(outside, receiver.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(message) })
  if (status < 200 || status > 299) throw new MeshError('unavailable', `the webhook answered ${status}`)
}

function messageFor(mesh: string, publicUrl: string, { alert, event, namespace, objective, speed, started_at, ended_at }: Due): AlertMessage {
  const name = `${namespace}/${objective}`
  return {
    id: alert,
    event,
    mesh,
    objective: name,
    summary: event === 'ended' ? `${name} is within its budget again` : `${name} spends its budget ${speed === 'fast' ? 'fast: 2 % of it in an hour' : 'slowly but surely: 5 % of it in six hours'}`,
    speed,
    startedAt: started_at.toISOString(),
    endedAt: ended_at?.toISOString() ?? null,
    url: new URL(`/objectives/${encodeURIComponent(namespace)}/${encodeURIComponent(objective)}`, publicUrl).href,
  }
}
