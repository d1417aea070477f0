import type { ObjectRef } from '#server/contracts/object.ts'
import type { Revision } from '#server/contracts/status.ts'
import type { Db } from '#server/db/client.ts'

interface RevisionRow {
  number: number
  author: string
  reason: string
  at: Date
  plan: string[]
  reverts: number | null
  changes: { object: ObjectRef; before: unknown; after: unknown }[]
}

const SELECT = `
  select r.number, r.author, r.reason, r.at, r.plan, r.reverts,
         coalesce((select jsonb_agg(jsonb_build_object(
                     'object', jsonb_build_object('kind', c.kind, 'namespace', c.namespace, 'name', c.name),
                     'before', c.before, 'after', c.after) order by c.kind, c.namespace, c.name)
                   from revision_change c where c.mesh = r.mesh and c.revision = r.number), '[]') as changes
    from revision r`

/** Newest first, below `before` when there is one; `object` narrows to what changed that object. */
export async function readRevisions(db: Db, mesh: string, page: { limit: number; before: number | null; object?: ObjectRef }): Promise<Revision[]> {
  const { object } = page
  const { rows } = await db.pool.query<RevisionRow>(
    `${SELECT}
      where r.mesh = $1 and ($2::int is null or r.number < $2)
        and ($4::text is null or exists (select from revision_change o where o.mesh = r.mesh and o.revision = r.number and o.kind = $4 and o.namespace = $5 and o.name = $6))
      order by r.number desc limit $3`,
    [mesh, page.before, page.limit, object?.kind ?? null, object?.namespace ?? null, object?.name ?? null],
  )
  return rows.map(toRevision)
}

export async function readRevision(db: Db, mesh: string, number: number): Promise<Revision | null> {
  const { rows } = await db.pool.query<RevisionRow>(`${SELECT} where r.mesh = $1 and r.number = $2`, [mesh, number])
  return rows[0] ? toRevision(rows[0]) : null
}

function toRevision(row: RevisionRow): Revision {
  return { revision: row.number, author: row.author, reason: row.reason, at: row.at.toISOString(), changes: row.changes, plan: row.plan, reverts: row.reverts }
}
