import { KINDS, type Kind, type MeshObject, type ObjectRef } from '#server/contracts/object.ts'
import type { DryRun } from '#server/contracts/status.ts'
import { call, type CallOptions } from './call.ts'

/** `/namespaces/default/httproutes/translator`. */
export function objectPath({ kind, namespace, name }: ObjectRef): string {
  return `/namespaces/${encodeURIComponent(namespace)}/${KINDS[kind].plural}/${encodeURIComponent(name)}`
}

interface Write {
  ref: ObjectRef
  /** The object as it shall be; null deletes it. */
  object: Record<string, unknown> | null
  /** The stored form that the change is made to; null makes a new object. */
  base: MeshObject | null
  reason?: string
}

function request({ ref, object, base, reason }: Write, dryRun: boolean): [path: string, options: CallOptions] {
  const ifMatch = base?.metadata.resourceVersion
  const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }
  const query = { dryRun: dryRun ? 'All' : null, reason: reason || null }
  return [objectPath(ref), { method: object === null ? 'DELETE' : 'PUT', body: object ?? undefined, query, headers }]
}

/** What a change would do; nothing is stored. */
export async function planObject(write: Write, signal?: AbortSignal): Promise<DryRun> {
  const [path, options] = request(write, true)
  return (await call<DryRun>(path, { ...options, signal })).body
}

/** Makes the change; answers the object as stored and the revision that it became. */
export async function writeObject(write: Write): Promise<{ object: MeshObject; revision: number | null }> {
  const [path, options] = request(write, false)
  const { body, headers } = await call<MeshObject>(path, options)
  const revision = Number(headers.get('x-heddle-revision') ?? NaN)
  return { object: body, revision: Number.isInteger(revision) ? revision : null }
}

/** The kind and address that an object names itself; null where it names none. */
export function refOfDraft(kind: Kind, object: Record<string, unknown>): ObjectRef | null {
  const metadata = object['metadata']
  if (typeof metadata !== 'object' || metadata === null || !('name' in metadata) || typeof metadata.name !== 'string' || metadata.name === '') return null
  return { kind, namespace: 'namespace' in metadata && typeof metadata.namespace === 'string' ? metadata.namespace : 'default', name: metadata.name }
}
