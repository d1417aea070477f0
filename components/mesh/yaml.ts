// YAML and form are two views of one text. A form edit changes only the places that it means: comments, order and quoting
// of the rest stay as a person wrote them.
import { isAlias, isMap, isPair, isSeq, parseDocument, stringify, type Document, type Node } from 'yaml'
import { isRecord, parsePointer, sameValue, type Path } from './pointer.ts'

export const YAML_BYTES_MAX = 1_000_000

export interface TextRange {
  from: number
  to: number
}

export type ParsedYaml =
  | { readable: true; object: Record<string, unknown> }
  | { readable: false; problems: ({ detail: string; line: number } & TextRange)[] }

/** Reads one YAML (or JSON) document that is an object; says where it cannot be read. */
export function parseYaml(text: string): ParsedYaml {
  if (text.length > YAML_BYTES_MAX) return unreadable(text, `An object has at most ${YAML_BYTES_MAX.toLocaleString('en')} characters; this has ${text.length.toLocaleString('en')}.`)
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0) {
    return {
      readable: false,
      problems: document.errors.map((error) => ({
        detail: error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''), // split gives at least one part
        line: error.linePos?.[0].line ?? 1,
        from: error.pos[0],
        to: Math.max(error.pos[0], Math.min(error.pos[1], text.length)),
      })),
    }
  }
  try {
    const object: unknown = document.toJS({ maxAliasCount: 100 })
    return isRecord(object) ? { readable: true, object } : unreadable(text, 'This is not an object: begin with apiVersion, kind, metadata and spec.')
  } catch (error) {
    return unreadable(text, error instanceof Error ? error.message : 'This YAML cannot be read.')
  }
}

function unreadable(text: string, detail: string): ParsedYaml {
  return { readable: false, problems: [{ detail, line: 1, from: 0, to: Math.min(text.length, text.indexOf('\n') === -1 ? text.length : text.indexOf('\n')) }] }
}

export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 })
}

/** The text after an edit in the form: `next` said with as little change to `text` as it takes. */
export function editYaml(text: string, next: Record<string, unknown>): string {
  const document = parseDocument(text)
  if (document.errors.length > 0 || !isMap(document.contents) || /(^|[\s[{,])[&*][^\s]/.test(text)) return reads(text, next) ? text : writeYaml(next)
  reconcile(document, [], document.toJS(), next)
  const edited = document.toString({ lineWidth: 0 })
  return reads(edited, next) ? edited : writeYaml(next) // anchors and odd tags: the meaning comes before the comments
}

function reads(text: string, next: Record<string, unknown>): boolean {
  const parsed = parseYaml(text)
  return parsed.readable && sameValue(parsed.object, next)
}

function reconcile(document: Document, path: Path, before: unknown, after: unknown): void {
  if (sameValue(before, after)) return
  if (isRecord(before) && isRecord(after) && path.length + Object.keys(after).length > 0) {
    for (const key of Object.keys(before)) if (!(key in after)) document.deleteIn([...path, key])
    for (const [key, value] of Object.entries(after)) {
      if (Object.hasOwn(before, key)) reconcile(document, [...path, key], before[key], value)
      else document.setIn([...path, key], document.createNode(value))
    }
  } else if (Array.isArray(before) && Array.isArray(after) && before.length > 0 && after.length > 0) {
    reconcileList(document, path, before, after)
  } else {
    document.setIn(path, typeof after === 'object' && after !== null ? document.createNode(after) : after)
  }
}

/** Keeps the equal head and tail of a list, so that a removed rule takes its own comments with it and nobody else's. */
function reconcileList(document: Document, path: Path, before: unknown[], after: unknown[]): void {
  let head = 0
  while (head < Math.min(before.length, after.length) && sameValue(before[head], after[head])) head += 1
  let tail = 0
  while (tail < Math.min(before.length, after.length) - head && sameValue(before.at(-1 - tail), after.at(-1 - tail))) tail += 1
  const middle = Math.min(before.length, after.length) - head - tail
  for (let index = head; index < head + middle; index += 1) reconcile(document, [...path, index], before[index], after[index])
  for (let count = before.length - after.length; count > 0; count -= 1) document.deleteIn([...path, head + middle])
  const list = document.getIn(path, true)
  if (isSeq(list)) list.items.splice(head + middle, 0, ...after.slice(head + middle, after.length - tail).map((item) => document.createNode(item)))
}

/** Where a pointer stands in the text; the nearest part that exists when the place itself does not. */
export function rangeOf(text: string, pointer: string): TextRange {
  const document = parseDocument(text)
  let node: Node | null = document.contents
  let range: TextRange = { from: 0, to: Math.max(0, text.indexOf('\n')) }
  for (const part of parsePointer(pointer)) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    const found = isMap(node) ? node.items.find((pair) => isPair(pair) && keyText(pair.key) === part) : undefined
    const child = isSeq(node) ? node.items[Number(part)] : found?.value
    const key = found?.key as Node | undefined // a key of a parsed map is a node
    if (key?.range) range = { from: key.range[0], to: key.range[1] }
    if (!child) break
    node = child as Node // items of a parsed collection are nodes
    if (node.range && !(isMap(node) || isSeq(node))) range = { from: node.range[0], to: node.range[1] }
    else if (node.range && !found) range = { from: node.range[0], to: lineEnd(text, node.range[0]) }
  }
  return { from: range.from, to: Math.max(range.from, range.to) }
}

function keyText(key: unknown): string {
  return String(isRecord(key) && 'value' in key ? key['value'] : key)
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}
