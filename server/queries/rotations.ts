import { z } from 'zod'
import { Rotation } from '../contracts/security.ts'
import type { Db } from '../db/client.ts'

const { proxies: Evidence, history: History } = Rotation.shape

/** Newest first, from the one after the rotation `after` on. */
export async function readRotations(db: Db, mesh: string, { limit, after }: { limit: number; after?: string }): Promise<Rotation[]> {
  const from = after === undefined ? undefined : { id: after }
  const rows = await db.prisma.rotation.findMany({ where: { mesh }, orderBy: [{ startedAt: 'desc' }, { id: 'desc' }], take: limit, cursor: from, skip: from && 1 })
  return rows.map(describeRotation)
}

/** Null when there is none of this id. */
export async function readRotation(db: Db, mesh: string, id: string): Promise<Rotation | null> {
  const row = await db.prisma.rotation.findFirst({ where: { mesh, id } })
  return row && describeRotation(row)
}

/** True once control has taken up what a person asked for. */
export async function isWishTaken(db: Db, mesh: string, id: string): Promise<boolean> {
  const { rows } = await db.pool.query<{ taken: boolean }>('select wish is null and to_id is not null as taken from rotation where mesh = $1 and id = $2', [mesh, id])
  return rows[0]?.taken !== false
}

type RotationRow = NonNullable<Awaited<ReturnType<Db['prisma']['rotation']['findFirst']>>>

function describeRotation(row: RotationRow): Rotation {
  const proxies = Evidence.parse(row.evidence)
  const back = row.step === 'cancelled'
  const asWanted = ({ holdsNew, trustsNew, blocked }: Rotation['proxies'][number]) => (back ? !holdsNew && blocked === null : row.step === 'trust' ? trustsNew : holdsNew && blocked === null)
  return {
    id: row.id,
    state: Rotation.shape.state.parse(row.state),
    step: Rotation.shape.step.parse(row.step),
    from: row.fromId ?? '',
    to: row.toId ?? '',
    startedBy: row.startedBy,
    startedAt: row.startedAt.toISOString(),
    reason: row.reason,
    proxies,
    proved: proxies.filter(asWanted).length,
    of: proxies.length,
    waitsFor: row.toId === null ? ['control has not taken it up yet'] : z.array(z.string()).parse(row.waitsFor),
    history: History.parse(row.history),
  }
}
