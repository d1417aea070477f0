/** RFC 6901 pointers into plain objects. */

export type Path = readonly (string | number)[]

/** `/spec/rules/0` → `['spec', 'rules', '0']`; the empty pointer is the root. */
export function parsePointer(pointer: string): string[] {
  return pointer === '' ? [] : pointer.replace(/^\//, '').split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function pointerOf(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a pointer; undefined where there is none. */
export function valueAt(root: unknown, pointer: string): unknown {
  let value = root
  for (const part of parsePointer(pointer)) {
    if (Array.isArray(value)) value = value[Number(part)]
    else if (isRecord(value) && Object.hasOwn(value, part)) value = value[part]
    else return undefined
  }
  return value
}

/** A copy of `root` with `value` at `path`; undefined takes the place out (from a list, closing the gap). */
export function withValue(root: unknown, path: Path, value: unknown): unknown {
  const [head, ...rest] = path
  if (head === undefined) return value
  const list = Array.isArray(root) ? root : typeof head === 'number' && root === undefined ? [] : null
  if (list) {
    const at = Number(head)
    const next = withValue(list[at], rest, value)
    return next === undefined ? list.filter((_, index) => index !== at) : Object.assign([...list], { [at]: next })
  }
  const record = isRecord(root) ? root : {}
  const next = withValue(record[head], rest, value)
  if (next !== undefined) return { ...record, [head]: next }
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== String(head)))
}

/** Equality of what JSON can say; the order of keys does not count. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => sameValue(item, b[index]))
  if (!isRecord(a) || !isRecord(b)) return Object.is(a, b)
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
}
