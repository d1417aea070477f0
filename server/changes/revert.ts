import { MeshError } from '../contracts/errors.ts'
import { KINDS, describeRef, type MeshObject, type ObjectRef } from '../contracts/object.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { contentOf, findObject, type ObjectChange } from '../mesh/change.ts'
import { undoChange } from '../mesh/undo.ts'

/** What would take a revision back from the mesh as it is now. Throws `conflict` when the same places were changed again since. */
export async function planRevert(db: Db, mesh: string, revision: number): Promise<ObjectChange[]> {
  const { rows } = await db.pool.query<ObjectRef & { before: MeshObject | null; after: MeshObject | null }>(
    'select kind, namespace, name, before, after from revision_change where mesh = $1 and revision = $2 order by kind, namespace, name',
    [mesh, revision],
  )
  if (rows.length === 0) throw new MeshError('not_found', `there is no revision ${revision}`)
  const state = await readMeshState(db, mesh)
  return rows.map(({ kind, namespace, name, before, after }) => undoObject(state, { kind, namespace, name }, before, after))
}

function undoObject(state: MeshState, ref: ObjectRef, before: MeshObject | null, after: MeshObject | null): ObjectChange {
  const current = findObject(state, ref) ?? null
  const content = (object: MeshObject | null) => object && contentOf(object)
  const undone = undoChange(content(before), content(after), content(current))
  if (undone.outcome === 'conflict') {
    const where = undone.pointers.filter((pointer) => pointer !== '').join(', ')
    const since = current ? `was changed again in revision ${current.metadata.resourceVersion}` : 'was deleted since'
    throw new MeshError('conflict', `${describeRef(ref)} ${since}${where && ` at ${where}`}; revert that one first, or edit the object`, { extra: { current } })
  }
  return { ref, expected: current ? Number(current.metadata.resourceVersion) : null, after: undone.value === null ? null : rebuild(before ?? current, undone.value as ReturnType<typeof contentOf>) } // content in, content out
}

/** The object with that content; it is read as any other, so what no longer fits the schema is refused. */
function rebuild(base: MeshObject | null, content: ReturnType<typeof contentOf>): MeshObject {
  if (!base) throw new MeshError('internal', 'a revision holds a change without an object')
  const metadata = { name: base.metadata.name, namespace: base.metadata.namespace, labels: content.labels, annotations: content.annotations }
  return KINDS[base.kind].schema.parse({ apiVersion: base.apiVersion, kind: base.kind, metadata, spec: content.spec })
}
