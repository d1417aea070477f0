// An instance is in rotation for as long as its sidecar says so: each heartbeat is a lease of LEASE_MS.
import { messageOf } from '../contracts/errors.ts'
import { LEASE_MS } from '../contracts/sidecar.ts'
import type { Db } from '../db/client.ts'
import { CHANNELS } from '../db/listen.ts'

const SWEEP_MS = 500
/** A sweep that comes this late was not running: heartbeats may have been missed for want of us, not of the sidecars. */
const LATE_MS = 2000
const BATCH_MS = 50

export interface Leases extends AsyncDisposable {
  /**
   * Prolongs the lease of a proxy's instance. False when it has none, or when its agent or version is no object any longer: it must be
   * put in anew.
   */
  renew(mesh: string, holder: Holder): Promise<boolean>
}

/** Whose lease it is: a name alone may have gone to another agent. */
export interface Holder {
  proxyId: string
  spiffeId: string
  namespace: string
  agent: string
}

/**
 * Expires leases in sets. Every control process sweeps; doing it twice does no harm. After a start, an outage of PostgreSQL or a
 * suspension each instance first gets a full lease: a dead control plane must not empty the mesh.
 */
export function keepLeases(db: Db, onError: (error: Error) => void = () => {}): Leases {
  let grantFirst = true
  let lastSweep = Date.now()
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const sweep = async () => {
    if (Date.now() - lastSweep > LATE_MS) grantFirst = true
    try {
      if (grantFirst) {
        await grantAll(db)
        grantFirst = false
      } else {
        await expireLeases(db)
      }
    } catch (error) {
      grantFirst = true
      onError(new Error(`cannot expire leases: ${messageOf(error)}`))
    }
    lastSweep = Date.now()
    if (!stopped) timer = setTimeout(() => (running = sweep()), SWEEP_MS)
  }
  let running = sweep()
  const batch = batchRenewals(db)

  return {
    renew: batch.renew,
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

async function grantAll(db: Db): Promise<void> {
  await db.pool.query(
    `update instance set lease_until = now() + make_interval(secs => $1)
     where source = 'sidecar' and lease_until < now() + make_interval(secs => $1)`,
    [LEASE_MS / 1000],
  )
}

/** Ends them and tells of it in one statement: a process that is killed between two would leave proxies with endpoints that are gone. */
export async function expireLeases(db: Db): Promise<void> {
  await db.pool.query(
    `with gone as (delete from instance where source = 'sidecar' and lease_until < now() returning mesh)
     select pg_notify($1, json_build_object('mesh', mesh)::text) from (select distinct mesh from gone) as meshes`,
    [CHANNELS.instance],
  )
}

interface Waiting {
  mesh: string
  holder: Holder
  resolve: (renewed: boolean) => void
  reject: (error: unknown) => void
}

/** Ten thousand sidecars are one statement each 50 ms, not ten thousand. */
function batchRenewals(db: Db) {
  let waiting: Waiting[] = []
  const flush = async () => {
    const batch = waiting
    waiting = []
    try {
      const { rows } = await db.pool.query<{ mesh: string; id: string; spiffe_id: string; registered: boolean }>(
        `with named as (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as named (mesh, id, spiffe_id, namespace, agent)),
         seen as (update proxy set last_seen = now() from named where proxy.mesh = named.mesh and proxy.id = named.id and proxy.spiffe_id = named.spiffe_id)
         update instance i set lease_until = now() + make_interval(secs => $6) from named
         where i.mesh = named.mesh and i.id = named.id and i.namespace = named.namespace and i.agent = named.agent and i.source = 'sidecar'
         returning i.mesh, i.id, named.spiffe_id,
           exists (select from object o where o.mesh = i.mesh and o.kind = 'Agent' and o.namespace = i.namespace and o.name = i.agent)
           and exists (select from object o where o.mesh = i.mesh and o.kind = 'AgentVersion' and o.namespace = i.namespace and o.name = i.agent || '-' || i.version) as registered`,
        [
          batch.map((item) => item.mesh), batch.map((item) => item.holder.proxyId), batch.map((item) => item.holder.spiffeId),
          batch.map((item) => item.holder.namespace), batch.map((item) => item.holder.agent), LEASE_MS / 1000,
        ],
      )
      const renewed = new Set(rows.filter((row) => row.registered).map((row) => `${row.mesh}/${row.id}/${row.spiffe_id}`))
      for (const { mesh, holder, resolve } of batch) resolve(renewed.has(`${mesh}/${holder.proxyId}/${holder.spiffeId}`))
    } catch (error) {
      for (const item of batch) item.reject(error)
    }
  }
  return {
    renew: (mesh: string, holder: Holder) =>
      new Promise<boolean>((resolve, reject) => {
        if (waiting.length === 0) setTimeout(() => void flush(), BATCH_MS)
        waiting.push({ mesh, holder, resolve, reject })
      }),
  }
}
