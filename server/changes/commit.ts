// A change becomes one revision in one transaction: objects, history, audit and NOTIFY together, or nothing.
import { MeshError } from '../contracts/errors.ts'
import { describeRef, type MeshObject } from '../contracts/object.ts'
import { recordAudit } from '../db/audit.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import { canonicalText, contentOf, type ObjectChange } from '../mesh/change.ts'
import { deleteObject, lockObject, writeObject } from './object-row.ts'

export interface Commit {
  mesh: string
  author: string
  reason: string
  changes: readonly ObjectChange[]
  /** The plan in words, kept with the revision. */
  plan?: readonly string[]
  /** The revision that this one takes back. */
  reverts?: number
  /** The mesh's revision that the change was decided on; when it has moved since, nothing is written. */
  basis?: number
}

export type CommitResult =
  /** `revision` is null when every object already was as wanted: then nothing was written. */
  | { outcome: 'committed'; revision: number | null; objects: (MeshObject | null)[] }
  | { outcome: 'moved'; head: number }

/** Throws `conflict` or `precondition_required`, with the current object in `extra`, when an object is not as `expected`. */
export async function commitChange(db: Pick<Db, 'pool'>, commit: Commit): Promise<CommitResult> {
  return inTransaction(db.pool, async (client) => {
    const head = await lockHead(client, commit.mesh) // revisions of a mesh are made one after another, without gaps
    if (commit.basis !== undefined && commit.basis !== head) return { outcome: 'moved', head }
    const revision = head + 1
    const written: Written[] = []
    const objects: (MeshObject | null)[] = []
    for (const change of commit.changes) {
      const before = await lockObject(client, commit.mesh, change.ref)
      checkExpected(change, before)
      const same = before && change.after ? canonicalText(contentOf(before)) === canonicalText(contentOf(change.after)) : before === change.after
      if (same) {
        objects.push(before)
        continue
      }
      const after = change.after ? await writeObject(client, commit.mesh, revision, change.after, before) : null
      if (!change.after) await deleteObject(client, commit.mesh, change.ref)
      objects.push(after)
      written.push({ ref: change.ref, before, after })
    }
    if (written.length === 0) return { outcome: 'committed', revision: null, objects }
    await writeRevision(client, revision, commit, written)
    return { outcome: 'committed', revision, objects }
  })
}

interface Written {
  ref: ObjectChange['ref']
  before: MeshObject | null
  after: MeshObject | null
}

async function lockHead(client: PoolClient, mesh: string): Promise<number> {
  const { rows } = await client.query<{ head: number }>('select head from mesh where name = $1 for update', [mesh])
  if (!rows[0]) throw new MeshError('not_found', `there is no mesh “${mesh}”`)
  return rows[0].head
}

/** Throws `conflict` or `precondition_required` when the object is not as the writer saw it. */
export function checkExpected({ ref, expected }: Pick<ObjectChange, 'ref' | 'expected'>, current: MeshObject | null): void {
  if (expected === 'any') return
  const extra = { current }
  if (expected === null) {
    if (current) throw new MeshError('precondition_required', `${describeRef(ref)} exists; say which version you change with If-Match`, { extra })
    return
  }
  if (!current) throw new MeshError('conflict', `${describeRef(ref)} is not there any more`, { extra })
  if (current.metadata.resourceVersion !== String(expected))
    throw new MeshError('conflict', `${describeRef(ref)} is now at version ${current.metadata.resourceVersion}; you changed version ${expected}`, { extra })
}

async function writeRevision(client: PoolClient, revision: number, commit: Commit, written: readonly Written[]): Promise<void> {
  const { mesh, author, reason, plan = [], reverts = null } = commit
  await client.query('update mesh set head = $2 where name = $1', [mesh, revision])
  await client.query('insert into revision (mesh, number, author, reason, plan, reverts) values ($1, $2, $3, $4, $5, $6)', [
    mesh,
    revision,
    author,
    reason,
    JSON.stringify(plan),
    reverts,
  ])
  await client.query(
    `insert into revision_change (mesh, revision, kind, namespace, name, before, after)
     select $1, $2, c.kind, c.namespace, c.name, nullif(c.before, 'null'), nullif(c.after, 'null')
       from jsonb_to_recordset($3) as c (kind text, namespace text, name text, before jsonb, after jsonb)`,
    [mesh, revision, JSON.stringify(written.map(({ ref, before, after }) => ({ ...ref, before, after })))],
  )
  await recordAudit(client, {
    mesh,
    actor: author,
    action: reverts === null ? 'commit' : 'revert',
    target: `revision ${revision}`,
    result: 'ok',
    detail: { reason, objects: written.map(({ ref, before, after }) => `${verbOf(before, after)} ${describeRef(ref)}`), ...(reverts !== null && { reverts }) },
  })
  await notify(client, 'revision', { mesh, revision })
}

function verbOf(before: MeshObject | null, after: MeshObject | null): string {
  if (!before) return 'created'
  return after ? 'changed' : 'deleted'
}
