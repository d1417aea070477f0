// The find expression: `edge error > 1 %`, `node kind = model`, `health = failing and p95 > 1 s`, or plain text. What matches stays
// lit, the rest is dimmed; what cannot be read is said in words.
import { FIELD_NAMES, findField, parseAmount, type Field, type Item } from './find-fields.ts'
import { tokenize, type Operator, type Token } from './find-tokens.ts'
import type { GraphView } from './figures.ts'

type Test = (item: Item) => boolean
type Scope = 'node' | 'edge' | 'both'

export type FindResult =
  | { state: 'none' }
  | { state: 'wrong'; says: string }
  | { state: 'found'; nodes: Set<string>; edges: Set<string>; says: string; lit: { nodes: Set<string>; edges: Set<string> } }

const LENGTH_MAX = 500
const DEPTH_MAX = 20

class Unreadable extends Error {}

/** Which nodes and edges an expression names, and the count in words. */
export function findInGraph(view: GraphView, source: string): FindResult {
  if (source.trim() === '') return { state: 'none' }
  try {
    return matchGraph(view, parse(source))
  } catch (error) {
    if (error instanceof Unreadable) return { state: 'wrong', says: error.message }
    throw error
  }
}

function matchGraph(view: GraphView, test: Test): FindResult {
  const nodes = new Set(view.nodes.filter((node) => test({ type: 'node', node })).map((node) => node.id))
  const edges = new Set(view.edges.filter((edge) => test({ type: 'edge', edge, source: view.byId.get(edge.source), target: view.byId.get(edge.target) })).map((edge) => edge.id))
  const lit = {
    nodes: new Set([...nodes, ...view.edges.filter((edge) => edges.has(edge.id)).flatMap((edge) => [edge.source, edge.target])]),
    edges: new Set([...edges, ...view.edges.filter((edge) => nodes.has(edge.source) && nodes.has(edge.target)).map((edge) => edge.id)]),
  }
  const parts = [nodes.size > 0 && count(nodes.size, 'node'), edges.size > 0 && count(edges.size, 'edge')].filter(Boolean)
  return { state: 'found', nodes, edges, lit, says: parts.length > 0 ? parts.join(', ') : 'nothing matches' }
}

/** The graph without what an expression does not match. */
export function onlyFound(view: GraphView, { lit }: Extract<FindResult, { state: 'found' }>): GraphView {
  const nodes = view.nodes.filter((node) => lit.nodes.has(node.id))
  return { ...view, nodes, edges: view.edges.filter((edge) => lit.edges.has(edge.id)) }
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

function parse(source: string): Test {
  if (source.length > LENGTH_MAX) throw new Unreadable(`An expression has at most ${LENGTH_MAX} characters.`)
  const reader = new Reader(tokenize(source))
  const test = reader.either(0)
  const left = reader.peek()
  if (left) throw new Unreadable(left.text === ')' ? 'There is a “)” without its “(”.' : `“${left.text}” is not expected there.`)
  const scope = reader.scope
  return scope === 'both' ? test : (item) => item.type === scope && test(item)
}

/** Recursive descent: `or` binds weaker than `and`, which may be left out. */
class Reader {
  readonly #tokens: readonly Token[]
  #at = 0
  /** `edge` or `node` when one of the two was written and the other was not. */
  scope: Scope = 'both'
  #named = new Set<'node' | 'edge'>()

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  either(depth: number): Test {
    const tests = [this.#all(depth)]
    while (this.#takeWord('or')) tests.push(this.#all(depth))
    return tests.length === 1 ? (tests[0] as Test) : (item) => tests.some((test) => test(item)) // there is always a first
  }

  #all(depth: number): Test {
    const tests = [this.#one(depth)]
    for (let next = this.peek(); next && next.text !== ')' && next.text.toLowerCase() !== 'or'; next = this.peek()) {
      this.#takeWord('and')
      tests.push(this.#one(depth))
    }
    return tests.length === 1 ? (tests[0] as Test) : (item) => tests.every((test) => test(item)) // there is always a first
  }

  #one(depth: number): Test {
    if (depth > DEPTH_MAX) throw new Unreadable('That is nested too deeply.')
    const token = this.#next('Something is missing at the end.')
    if (token.kind === 'paren') return this.#group(token.text, depth)
    if (token.kind === 'op') throw new Unreadable(`Before “${token.text}” stands what to compare: ${FIELD_NAMES.slice(0, 6).join(', ')}, …`)
    if (token.kind === 'text') return contains(token.text)
    const word = token.text.toLowerCase()
    if (word === 'not') {
      const test = this.#one(depth + 1)
      return (item) => !test(item)
    }
    if (word === 'and' || word === 'or') throw new Unreadable(`Before “${word}” something is missing.`)
    if ((word === 'edge' || word === 'node') && this.peek()) return this.#scoped(word, depth)
    return this.#condition(token.text)
  }

  #group(text: string, depth: number): Test {
    if (text === ')') throw new Unreadable('There is a “)” without its “(”.')
    const test = this.either(depth + 1)
    if (this.#next('A “)” is missing.').text !== ')') throw new Unreadable('A “)” is missing.')
    return test
  }

  #scoped(scope: 'node' | 'edge', depth: number): Test {
    this.#named.add(scope)
    this.scope = this.#named.size === 1 ? scope : 'both'
    const test = this.#one(depth + 1)
    return (item) => item.type === scope && test(item)
  }

  #condition(name: string): Test {
    const operator = this.peek()
    if (operator?.kind !== 'op') return contains(name)
    this.#at += 1
    const field = findField(name)
    if (!field) throw new Unreadable(`“${name}” is nothing that a node or an edge has. There is ${FIELD_NAMES.join(', ')} and label.NAME.`)
    return compare(field, operator.text, this.#value(`${name} ${operator.text}`, field))
  }

  /** A value; a unit that stands apart belongs to it: `1 %`, `250 ms`. */
  #value(after: string, field: Field): number | string {
    const token = this.#next(`After “${after}” a value is missing${field.unit === 'share' ? ', such as 1 %' : ''}.`)
    if (token.kind === 'op' || token.kind === 'paren') throw new Unreadable(`After “${after}” a value is missing.`)
    if (field.unit === 'text') return token.text.toLowerCase()
    const suffix = this.peek()
    const apart = suffix?.kind === 'word' && /^(%|ms|s|min|\/s|\/min)$/i.test(suffix.text) ? suffix.text : ''
    if (apart) this.#at += 1
    const amount = parseAmount(field.unit, token.text + apart)
    if (typeof amount === 'string') throw new Unreadable(`${amount}.`)
    return amount
  }

  #takeWord(word: string): boolean {
    const token = this.peek()
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false
    this.#at += 1
    return true
  }

  #next(missing: string): Token {
    const token = this.peek()
    if (!token) throw new Unreadable(missing)
    this.#at += 1
    return token
  }
}

function compare(field: Field, operator: Operator, wanted: number | string): Test {
  return (item) => {
    if (field.has !== 'both' && field.has !== item.type) return false
    const value = field.of(item)
    if (value === null) return false
    const held = typeof value === 'string' ? value.toLowerCase() : value
    switch (operator) {
      case '=': return held === wanted
      case '!=': return held !== wanted
      case '~': return String(held).includes(String(wanted))
      case '>': return held > wanted
      case '<': return held < wanted
      case '>=': return held >= wanted
      case '<=': return held <= wanted
    }
  }
}

/** Plain text finds nodes by name, namespace, version or id. */
function contains(text: string): Test {
  const words = text.toLowerCase()
  return (item) => item.type === 'node' && (`${item.node.namespace ?? ''}/${item.node.name}`.toLowerCase().includes(words) || item.node.versions.some((at) => at.version.toLowerCase() === words))
}
