// Instances that no sidecar announces: the static addresses of Agent objects, kept as rows beside the leased ones.
import { messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { CHANNELS, listen } from '../db/listen.ts'
import { registerVersion, type Commit } from './register.ts'

/** Brings the rows in line with the objects and tells of it, in one statement; true when anything differed. */
export async function syncStaticInstances(db: Db, mesh: string): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    `with wanted as (
       select distinct on (id) 'static/' || o.namespace || '/' || o.name || '/' || (e->>'address') || ':' || (e->>'port') as id, o.namespace, o.name as agent,
         coalesce(e->>'version', 'v1') as version, e->>'address' as address, (e->>'port')::int as port, coalesce((e->>'weight')::int, 1) as weight
       from object o cross join lateral jsonb_array_elements(coalesce(o.spec->'instances', '[]')) e where o.mesh = $1 and o.kind = 'Agent'
     ), gone as (
       delete from instance i where i.mesh = $1 and i.source = 'static' and not exists (select 1 from wanted w where w.id = i.id) returning 1
     ), put as (
       insert into instance as i (mesh, id, namespace, agent, version, address, port, weight, tls, source)
       select $1, id, namespace, agent, version, address, port, weight, false, 'static' from wanted
       on conflict (mesh, id) do update set version = excluded.version, weight = excluded.weight
       where (i.version, i.weight) is distinct from (excluded.version, excluded.weight) returning 1
     )
     select pg_notify($2, $3) from (select from gone union all select from put limit 1) as changes`,
    [mesh, CHANNELS.instance, JSON.stringify({ mesh })],
  )
  return rowCount === 1
}

/** Follows the objects: after each revision, and whenever the connection was lost meanwhile. */
export function followStaticInstances(db: Db, options: { mesh: string; commit: Commit; onError?: (error: Error) => void }): AsyncDisposable {
  const { mesh, commit, onError = () => {} } = options
  let running: Promise<void> = Promise.resolve()
  const sync = () => {
    running = running.then(async () => {
      try {
        if (await syncStaticInstances(db, mesh)) await registerVersions(db, mesh, commit)
      } catch (error) {
        onError(new Error(`cannot follow static instances: ${messageOf(error)}`))
      }
    })
  }
  const listening = listen(db.url, ['revision'], { onNotify: sync, onConnect: sync })
  return {
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]()
      await running
    },
  }
}

async function registerVersions(db: Db, mesh: string, commit: Commit): Promise<void> {
  const { rows } = await db.pool.query<{ namespace: string; agent: string; version: string }>(
    `select distinct namespace, agent, version from instance i where mesh = $1 and source = 'static'
     and not exists (select 1 from object o where o.mesh = i.mesh and o.kind = 'AgentVersion' and o.namespace = i.namespace and o.spec->>'agent' = i.agent and o.spec->>'version' = i.version)`,
    [mesh],
  )
  const turns = await Promise.allSettled(rows.map((row) => registerVersion(db, commit, { mesh, ...row, proxyId: 'static' })))
  for (const turn of turns) if (turn.status === 'rejected') throw turn.reason // after all had theirs
}
