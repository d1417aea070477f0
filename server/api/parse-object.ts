import type { Problem } from '#server/contracts/errors.ts'
import { KINDS, type MeshObject, type ObjectRef } from '#server/contracts/object.ts'
import { problemsOf } from '#server/contracts/problems.ts'

export type ParsedObject = { outcome: 'parsed'; object: MeshObject } | { outcome: 'refused'; problems: Problem[] }

/** A body as an object of the path it was sent to. Name and namespace may be left out; when they are there they must agree. */
export function parseObject(ref: ObjectRef, body: unknown): ParsedObject {
  const parsed = KINDS[ref.kind].schema.safeParse(fillMetadata(ref, body))
  if (!parsed.success) return { outcome: 'refused', problems: problemsOf(parsed.error) }
  const { name, namespace } = parsed.data.metadata
  const problems = [
    ...(name === ref.name ? [] : [disagreement('name', ref.name)]),
    ...(namespace === ref.namespace ? [] : [disagreement('namespace', ref.namespace)]),
  ]
  return problems.length > 0 ? { outcome: 'refused', problems } : { outcome: 'parsed', object: parsed.data }
}

function fillMetadata(ref: ObjectRef, body: unknown): unknown {
  if (!isRecord(body)) return body
  const metadata = body.metadata ?? {}
  return isRecord(metadata) ? { ...body, metadata: { name: ref.name, namespace: ref.namespace, ...metadata, managedBy: null } } : body
}

function disagreement(field: string, wanted: string): Problem {
  return { pointer: `/metadata/${field}`, code: 'wrong_address', detail: `the address says “${wanted}”` }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
