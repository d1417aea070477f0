// Who was ever here: an agent whose last instance went, or whose source no longer answers, stays listed as gone.
import { messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'

const EVERY_MS = 2000

/** Brings the list in line with instances, sources and objects, in one statement. Doing it twice does no harm. */
export async function syncPresence(db: Db, mesh: string): Promise<void> {
  await db.pool.query(
    `with present as (
       select namespace, agent, case when bool_or(source = 'sidecar') then 'sidecar' else 'static' end as source from instance where mesh = $1 group by 1, 2
       union all
       select namespace, agent, kind from agent_source s where mesh = $1 and state = 'present' and not exists (select 1 from instance i where i.mesh = s.mesh and i.namespace = s.namespace and i.agent = s.agent)
     ), seen as (
       insert into agent_presence as p (mesh, namespace, agent, source) select $1, namespace, agent, source from present
       on conflict (mesh, namespace, agent) do update set last_seen = now(), gone_at = null, source = excluded.source
       where p.gone_at is not null or p.source <> excluded.source or p.last_seen < now() - interval '10 seconds'
     )
     update agent_presence p set gone_at = now() where mesh = $1 and gone_at is null and not exists (select 1 from present where present.namespace = p.namespace and present.agent = p.agent)`,
    [mesh],
  )
}

export function followPresence(db: Db, mesh: string, onError: (error: Error) => void): AsyncDisposable {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    await syncPresence(db, mesh).catch((error: unknown) => onError(new Error(`cannot say who is gone: ${messageOf(error)}`)))
    if (!stopped) timer = setTimeout(() => (running = look()), EVERY_MS)
  }
  let running = look()
  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
