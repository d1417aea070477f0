import { MeshError } from '../contracts/errors.ts'
import type { MeshObject, ObjectRef } from '../contracts/object.ts'
import type { DryRun } from '../contracts/status.ts'
import type { Api } from './client.ts'
import { pathOf, type Written } from './manifest.ts'

export interface CurrentObject {
  object: MeshObject
  etag: string
}

/** The object as it is and the ETag to change it with; null when there is none. */
export async function readCurrent(api: Api, mesh: string, ref: ObjectRef): Promise<CurrentObject | null> {
  try {
    const { body, headers } = await api.request<MeshObject>('GET', pathOf(ref), { query: { mesh } })
    return { object: body, etag: headers.get('etag') ?? '' }
  } catch (error) {
    if (error instanceof MeshError && error.code === 'not_found') return null
    throw error
  }
}

export interface WriteResult {
  object: MeshObject
  revision: number
  did: 'created' | 'changed' | 'unchanged'
}

/** Creates or replaces, on the form that was just read; somebody else's change in between is a conflict. */
export async function writeObject(api: Api, mesh: string, ref: ObjectRef, body: unknown, options: { current: CurrentObject | null; reason?: string }): Promise<WriteResult> {
  const { current, reason } = options
  const answer = await api.request<MeshObject>('PUT', pathOf(ref), { query: { mesh, reason }, body, headers: ifMatch(current) })
  const same = current?.object.metadata.resourceVersion === answer.body.metadata.resourceVersion
  return { object: answer.body, revision: Number(answer.headers.get('x-heddle-revision')), did: same ? 'unchanged' : current ? 'changed' : 'created' }
}

export async function dryRunWrite(api: Api, mesh: string, ref: ObjectRef, body: unknown, current: CurrentObject | null): Promise<DryRun> {
  const { body: answer } = await api.request<DryRun>('PUT', pathOf(ref), { query: { mesh, dryRun: 'All' }, body, headers: ifMatch(current) })
  return answer
}

/** What several objects would change together; each replaces the form that is there now. */
export async function dryRunSet(api: Api, mesh: string, written: readonly Written[]): Promise<DryRun> {
  const items = []
  for (const { ref, body } of written) {
    const current = await readCurrent(api, mesh, ref)
    const metadata = body['metadata'] as Record<string, unknown> // readManifests has seen that it is one
    items.push({ ...body, metadata: { ...metadata, resourceVersion: current?.object.metadata.resourceVersion } })
  }
  const { body } = await api.request<DryRun>('POST', '/objects', { query: { mesh, dryRun: 'All' }, body: { items } })
  return body
}

export function ifMatch(current: CurrentObject | null): Record<string, string> {
  return current ? { 'if-match': current.etag } : {}
}
