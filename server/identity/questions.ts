// What people ask of a proxy waits in PostgreSQL until its next heartbeat takes it along, to whichever control process that goes. A mesh in
// which nobody asks costs no query.
import type { AnswerRequest, AskedQuestion } from '../contracts/proxy-question.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { listen } from '../db/listen.ts'
import type { Peer } from './peers.ts'

/** Nobody waits for longer. */
const ASKED_SECONDS_MAX = 15

export interface Questions extends AsyncDisposable {
  /** Those that this proxy has not been told, once. */
  take(peer: Peer): Promise<AskedQuestion[]>
  answer(peer: Peer, said: AnswerRequest): Promise<void>
}

export function followQuestions(db: Db, mesh: string, onError: (error: Error) => void): Questions {
  /** Proxies that somebody may wait for; one that another control process has told is looked for in vain, once. */
  const asked = new Set<string>()
  const readAsked = async () => {
    const { rows } = await db.pool.query<{ proxy: string }>('select distinct proxy from proxy_question where mesh = $1 and taken_at is null and asked_at > now() - make_interval(secs => $2)', [mesh, ASKED_SECONDS_MAX])
    for (const { proxy } of rows) asked.add(proxy)
  }
  const listening = listen(db.url, ['question'], {
    onNotify: (_, payload) => {
      const { proxy } = (payload ?? {}) as { proxy?: unknown } // as the API writes it
      if (typeof proxy === 'string') asked.add(proxy)
    },
    onConnect: () => void readAsked().catch((error: unknown) => onError(new Error(`cannot read what was asked of proxies: ${messageOf(error)}`, { cause: error }))),
  })
  return {
    async take(peer) {
      if (!asked.delete(peer.proxyId)) return []
      const { rows } = await db.pool.query<AskedQuestion>('update proxy_question set taken_at = now() where mesh = $1 and proxy = $2 and taken_at is null and asked_at > now() - make_interval(secs => $3) returning id, question', [mesh, peer.proxyId, ASKED_SECONDS_MAX])
      return rows
    },
    async answer(peer, { id, answer, failure }) {
      await db.pool.query('update proxy_question set answer = $4, failure = $5, answered_at = now() where mesh = $1 and proxy = $2 and id = $3 and answered_at is null', [mesh, peer.proxyId, id, JSON.stringify(answer), failure])
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}
