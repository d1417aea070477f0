// Revisions that were committed while a reading was under way are compiled together, but each asks for its own changes alone: a good
// edit is not rejected for a bad one beside it, and counts only the proxies that it touches.
import { KINDS, type Kind, type MeshObject } from '../contracts/object.ts'
import { listsOf, type MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import { applyChanges, objectsOf, type ObjectChange } from '../mesh/change.ts'

/** Beyond this many the oldest share what they ask for. */
const STEPS_MAX = 50

/**
 * The states between two readings, one a revision, the last excluded. The first has the objects of `from` with everything else as it
 * is in `to`: what is no object's doing, such as an instance that came, is asked by no revision. Empty when one revision or none lies between.
 */
export async function readBetween(db: Db, from: MeshState, to: MeshState): Promise<MeshState[]> {
  if (to.revision - from.revision < 2) return []
  const since = Math.max(from.revision, to.revision - STEPS_MAX)
  const { rows } = await db.pool.query<{ revision: number; kind: Kind; namespace: string; name: string; after: unknown }>(
    'select revision, kind, namespace, name, after from revision_change where mesh = $1 and revision > $2 and revision < $3 order by revision',
    [to.mesh, from.revision, to.revision],
  )
  const changes = Map.groupBy(rows, (row) => Math.max(row.revision, since))
  const steps: MeshState[] = [{ ...to, ...listsOf(objectsOf(from)), revision: from.revision }]
  for (let revision = Math.max(since, from.revision + 1); revision < to.revision; revision++) {
    const before = steps.at(-1) ?? to // there is a first
    steps.push({ ...applyChanges(before, (changes.get(revision) ?? []).map(changeOf)), revision })
  }
  return steps
}

function changeOf({ kind, namespace, name, after }: { kind: Kind; namespace: string; name: string; after: unknown }): ObjectChange {
  const object: MeshObject | null = after === null ? null : KINDS[kind].schema.parse(after)
  return { ref: { kind, namespace, name }, expected: 'any', after: object }
}
