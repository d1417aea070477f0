// Lists of resources → what a session works with: maps by type and name, in a fixed order. Lists that many proxies share are laid out once.
import { isSameList, Kept } from '../mesh/kept.ts'
import type { ObjectRef } from '../contracts/object.ts'
import type { Resource } from './encode.ts'
import { TYPE, type TypeUrl } from './names.ts'

export type ResourceMap = ReadonlyMap<TypeUrl, ReadonlyMap<string, Resource>>
/** A list that many proxies share stands as it is, so that its identity tells. */
export type Part = Resource | readonly Resource[]

const EMPTY: ReadonlyMap<string, Resource> = new Map()
const partsOf = new WeakMap<ResourceMap, readonly Part[]>()
const listsByType = new Kept<readonly Resource[], ReadonlyMap<TypeUrl, Resource[]>>()
const sorted = new Kept<readonly Resource[], ReadonlyMap<string, Resource>>()

/** `before` itself, or its map of a type, where nothing in it differs. Of two resources of one type and name the later counts. */
export function assemble(parts: readonly Part[], before: ResourceMap | null): ResourceMap {
  if (before) {
    const known = partsOf.get(before)
    if ((known && isSameList(known, parts)) || isMadeOf(before, parts.flat())) {
      partsOf.set(before, parts)
      return before
    }
  }
  const lists = parts.map(byType)
  const resources = new Map(Object.values(TYPE).map((typeUrl) => [typeUrl, ofType(lists.flatMap((types) => [types.get(typeUrl) ?? []].filter(({ length }) => length > 0)), before?.get(typeUrl))]))
  partsOf.set(resources, parts)
  return resources
}

/** What of `made` says the same as in the list before is taken from there; the list itself when all of it is. */
export function keepSame(before: readonly Resource[] | undefined, made: readonly Resource[]): readonly Resource[] {
  if (!before) return made
  const known = new Map(before.map((one) => [`${one.typeUrl} ${one.name}`, one]))
  const kept = made.map((one) => {
    const old = known.get(`${one.typeUrl} ${one.name}`)
    return old && isSame(old, one) ? old : one
  })
  return isSameList(before, kept) ? before : kept
}

function byType(part: Part): ReadonlyMap<TypeUrl, Resource[]> {
  if (!isList(part)) return new Map([[part.typeUrl, [part]]])
  return listsByType.of(part, '', [], () => Map.groupBy(part, (resource) => resource.typeUrl))
}

function isList(part: Part): part is readonly Resource[] {
  return Array.isArray(part)
}

function ofType(lists: readonly Resource[][], before: ReadonlyMap<string, Resource> | undefined): ReadonlyMap<string, Resource> {
  const [only] = lists
  if (!only) return EMPTY
  if (lists.length === 1) return sorted.of(only, '', [], () => byName(only))
  const made = byName(lists.flat())
  return before?.size === made.size && [...made].every(([name, resource]) => before.get(name) === resource) ? before : made
}

function byName(resources: readonly Resource[]): ReadonlyMap<string, Resource> {
  return new Map(resources.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)).map((resource) => [resource.name, resource]))
}

function isMadeOf(resources: ResourceMap, all: readonly Resource[]): boolean {
  const isThere = (one: Resource) => {
    const other = resources.get(one.typeUrl)?.get(one.name)
    return other !== undefined && isSame(other, one)
  }
  return [...resources.values()].reduce((sum, { size }) => sum + size, 0) === all.length && all.every(isThere)
}

function isSame(a: Resource, b: Resource): boolean {
  return a === b || (a.version === b.version && a.scope === b.scope && isSameRef(a.object, b.object))
}

function isSameRef(a: ObjectRef | null, b: ObjectRef | null): boolean {
  return a === b || (a?.kind === b?.kind && a?.namespace === b?.namespace && a?.name === b?.name)
}
