// A question to one proxy, asked and waited for: its sidecar takes it along with its next heartbeat.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { MeshError } from '#server/contracts/errors.ts'
import type { ProxyAnswer, ProxyQuestion } from '#server/contracts/proxy-question.ts'
import type { Db } from '#server/db/client.ts'
import { notify } from '#server/db/listen.ts'

/** A heartbeat is two seconds away at most, and Envoy has five. */
const WAIT_MS = 9000
const LOOK_MS = 100
const KEPT = '1 minute'

/** Throws `unavailable` when the proxy does not answer in time, or says why it cannot. */
export async function askProxy(db: Db, { mesh, proxy, question, by }: { mesh: string; proxy: string; question: ProxyQuestion; by: string }): Promise<ProxyAnswer> {
  const id = randomUUID()
  await db.pool.query(`delete from proxy_question where asked_at < now() - interval '${KEPT}'`)
  await db.pool.query('insert into proxy_question (id, mesh, proxy, question, asked_by) values ($1, $2, $3, $4, $5)', [id, mesh, proxy, JSON.stringify(question), by])
  await notify(db.pool, 'question', { mesh, proxy })
  for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline; await sleep(LOOK_MS)) {
    const { rows } = await db.pool.query<{ answer: ProxyAnswer | null; failure: string | null; answered: boolean }>('select answer, failure, answered_at is not null as answered from proxy_question where id = $1', [id])
    const [found] = rows
    if (found?.answer) return found.answer
    if (found?.answered) throw new MeshError('unavailable', found.failure ?? 'the proxy gave no answer')
  }
  throw new MeshError('unavailable', `${proxy} did not answer within ${WAIT_MS / 1000} s: its sidecar is away, or older than this question`)
}
