// Where the code refuses: `throw` of an error of its own, and `says.problem(…)` of a validator. Found in the syntax tree, so that a
// refusal that is written tomorrow is on the list.
import { parseAst } from 'vitest/node'

export interface Refusal {
  /** Of the file, from the root of the repository. */
  path: string
  line: number
  /** The sentence as it stands in the source, without what is filled in. */
  sentence: string
  start: number
  end: number
  kind: 'throw' | 'problem'
}

interface Node {
  type: string
  start: number
  end: number
  [field: string]: unknown
}

export function findRefusals(path: string, source: string): Refusal[] {
  const found: Refusal[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (!isNode(value)) return
    const kind = kindOf(value)
    if (kind) found.push({ path, kind, start: value.start, end: value.end, line: source.slice(0, value.start).split('\n').length, sentence: sentenceOf(source.slice(value.start, value.end)) })
    for (const field of Object.values(value)) visit(field)
  }
  visit(parseAst(source, { lang: 'ts' }))
  return found
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** An error that is only handed on (`throw error`) is no refusal of this place. */
function kindOf(node: Node): Refusal['kind'] | null {
  if (node.type === 'ThrowStatement') return isNode(node.argument) && node.argument.type !== 'Identifier' ? 'throw' : null
  if (node.type !== 'CallExpression' || !isNode(node.callee) || node.callee.type !== 'MemberExpression') return null
  const { object, property } = node.callee
  return isNode(object) && object.name === 'says' && isNode(property) && property.name === 'problem' ? 'problem' : null
}

/** The longest text of it that is no pointer. */
function sentenceOf(source: string): string {
  const texts = [...source.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)].map(([, plain, template]) => plain ?? template ?? '').filter((text) => !text.startsWith('/'))
  const longest = texts.toSorted((a, b) => b.length - a.length)[0] ?? source
  return longest.replaceAll(/\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, '…').slice(0, 120)
}

/** The source with the refusal taken out: it goes on as if nothing had been wrong. */
export function without(source: string, { kind, start, end }: Refusal): string {
  return source.slice(0, start) + (kind === 'throw' ? '{}' : 'void 0') + source.slice(end)
}

/** The source in which each refusal writes to a file, before it refuses, its number of `all` and the test that runs: `[12,"a link signs in once"]`. */
export function noted(source: string, own: readonly Refusal[], all: readonly Refusal[], log: string): string {
  let text = source
  for (const refusal of own.toSorted((a, b) => b.start - a.start)) {
    const note = `process.getBuiltinModule('node:fs').appendFileSync(${JSON.stringify(log)}, JSON.stringify([${all.indexOf(refusal)}, globalThis.__vitest_worker__?.current?.fullTestName ?? null]) + '\\n')`
    const old = text.slice(refusal.start, refusal.end)
    text = text.slice(0, refusal.start) + (refusal.kind === 'throw' ? `{ ${note}; ${old} }` : `(${note}, ${old})`) + text.slice(refusal.end)
  }
  return text
}
