import { describeRef, refOf, type MeshObject, type ObjectRef } from '../contracts/object.ts'
import { LIST_OF, listsOf, type MeshState } from '../contracts/mesh-state.ts'

/** One object of a change. `after` null deletes it. */
export interface ObjectChange {
  ref: ObjectRef
  /** The revision that the writer saw; null: there must be none yet; `any`: whatever is there. */
  expected: number | null | 'any'
  after: MeshObject | null
}

export function objectsOf(state: MeshState): MeshObject[] {
  return Object.values(LIST_OF).flatMap((list): MeshObject[] => [...state[list]])
}

export function findObject(state: MeshState, ref: ObjectRef): MeshObject | undefined {
  const list: readonly MeshObject[] = state[LIST_OF[ref.kind]]
  return list.find((object) => object.metadata.namespace === ref.namespace && object.metadata.name === ref.name)
}

/** The state as it would be after the changes; instances and the revision stay. */
export function applyChanges(state: MeshState, changes: readonly ObjectChange[]): MeshState {
  const changed = new Map(changes.map((change) => [describeRef(change.ref), change.after]))
  const kept = objectsOf(state).filter((object) => !changed.has(describeRef(refOf(object))))
  const objects = [...kept, ...[...changed.values()].filter((after) => after !== null)]
  return { ...state, ...listsOf(objects) }
}

/** The versions of an agent go with it: nobody could delete them one by one. */
export function withDependents(state: MeshState, changes: readonly ObjectChange[]): ObjectChange[] {
  const named = new Set(changes.map((change) => describeRef(change.ref)))
  const gone = changes.filter((change) => change.ref.kind === 'Agent' && change.after === null)
  const versions = gone.flatMap(({ ref }) => state.versions.filter((version) => version.metadata.namespace === ref.namespace && version.spec.agent === ref.name))
  const dependents = versions.map(refOf).filter((ref) => !named.has(describeRef(ref)))
  return [...changes, ...dependents.map((ref): ObjectChange => ({ ref, expected: 'any', after: null }))]
}

/** What a person wrote of an object, without what the server keeps about it; equal content makes no revision. */
export function contentOf(object: MeshObject): { labels: unknown; annotations: unknown; spec: unknown } {
  return { labels: object.metadata.labels, annotations: object.metadata.annotations, spec: object.spec }
}

/** JSON with its keys in order: the same content, the same text. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}
