// An instance is in rotation for as long as its sidecar says so: each heartbeat is a lease of LEASE_MS.
import { messageOf } from '../contracts/errors.ts'
import { LEASE_MS } from '../contracts/sidecar.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'

const SWEEP_MS = 500
/** A sweep that comes this late was not running: heartbeats may have been missed for want of us, not of the sidecars. */
const LATE_MS = 2000
const BATCH_MS = 50

export interface Leases extends AsyncDisposable {
  /** Prolongs the lease of a proxy's instance; false when it has none, so that it must be put in anew. */
  renew(mesh: string, proxyId: string): Promise<boolean>
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
        await expire(db)
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

async function expire(db: Db): Promise<void> {
  const { rows } = await db.pool.query<{ mesh: string }>(`with gone as (delete from instance where source = 'sidecar' and lease_until < now() returning mesh) select distinct mesh from gone`)
  for (const { mesh } of rows) await notify(db.pool, 'instance', { mesh })
}

interface Waiting {
  mesh: string
  proxyId: string
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
      const { rows } = await db.pool.query<{ mesh: string; id: string }>(
        `with named as (select * from unnest($1::text[], $2::text[]) as named (mesh, id)),
         seen as (update proxy set last_seen = now() from named where proxy.mesh = named.mesh and proxy.id = named.id)
         update instance set lease_until = now() + make_interval(secs => $3) from named
         where instance.mesh = named.mesh and instance.id = named.id and instance.source = 'sidecar'
         returning instance.mesh, instance.id`,
        [batch.map((item) => item.mesh), batch.map((item) => item.proxyId), LEASE_MS / 1000],
      )
      const renewed = new Set(rows.map((row) => `${row.mesh}/${row.id}`))
      for (const item of batch) item.resolve(renewed.has(`${item.mesh}/${item.proxyId}`))
    } catch (error) {
      for (const item of batch) item.reject(error)
    }
  }
  return {
    renew: (mesh: string, proxyId: string) =>
      new Promise<boolean>((resolve, reject) => {
        if (waiting.length === 0) setTimeout(() => void flush(), BATCH_MS)
        waiting.push({ mesh, proxyId, resolve, reject })
      }),
  }
}
