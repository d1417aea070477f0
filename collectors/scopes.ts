// What traces, metrics and logs have in common: resources, in each of them scopes, in each of those the items.
// https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
import { cursorOf, eachField, readLength, skip, textOf, type Cursor } from '#server/otlp/wire.ts'
import { readResource } from './resource.ts'
import type { ResourceInfo } from './spans/row.ts'

const TAG = { resources: 0x0a, resource: 0x0a, scopes: 0x12, schemaUrl: 0x1a, scope: 0x0a, items: 0x12 } as const
const NO_SCOPE = Buffer.alloc(0)

/** `scope` is not yet read; `items` holds where each begins and ends, in pairs. */
export type VisitScope = (resource: ResourceInfo, scope: Buffer, items: readonly number[]) => void

/** A resource or a scope may stand behind what is in it, so places are found first and read after. Throws `bad_request` for what is no such request. */
export function eachScope(bytes: Buffer, visit: VisitScope): void {
  const cursor = cursorOf(bytes)
  eachField(cursor, bytes.length, (tag) => {
    if (tag === TAG.resources) visitResource(cursor, readLength(cursor), visit)
    else skip(cursor, tag)
  })
}

function visitResource(cursor: Cursor, end: number, visit: VisitScope): void {
  const { bytes } = cursor
  let resourceAt: [number, number] = [0, 0]
  let schemaUrl = ''
  const scopes: [number, number][] = []
  eachField(cursor, end, (tag) => {
    if (tag !== TAG.resource && tag !== TAG.scopes && tag !== TAG.schemaUrl) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === TAG.resource) resourceAt = [cursor.at, to]
    else if (tag === TAG.scopes) scopes.push([cursor.at, to])
    else schemaUrl = textOf(bytes, cursor.at, to)
    cursor.at = to
  })
  const resource = readResource(bytes, resourceAt, schemaUrl)
  for (const [at, to] of scopes) visitItems({ bytes, at, end: to }, resource, visit)
}

function visitItems(cursor: Cursor, resource: ResourceInfo, visit: VisitScope): void {
  let scope: Buffer = NO_SCOPE
  const items: number[] = []
  eachField(cursor, cursor.end, (tag) => {
    if (tag !== TAG.scope && tag !== TAG.items) return skip(cursor, tag)
    const to = readLength(cursor)
    if (tag === TAG.scope) scope = cursor.bytes.subarray(cursor.at, to)
    else items.push(cursor.at, to)
    cursor.at = to
  })
  visit(resource, scope, items)
}

/** A scope is stored as it came, so it must at least be a message. Throws `bad_request` otherwise. */
export function checkScope(scope: Buffer): void {
  const cursor = cursorOf(scope)
  eachField(cursor, scope.length, (tag) => skip(cursor, tag))
}
