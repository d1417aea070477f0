// What may come next in a find expression: fields, operators, and the values that this graph has.
import type { Completion } from '#components/ui/use-completion.ts'
import { FIELD_NAMES, findField } from './find-fields.ts'
import { OPERATORS, tokenize } from './find-tokens.ts'
import type { GraphView } from './figures.ts'

const OFFERED_MAX = 8
const SAYS: Record<string, string> = {
  error: 'share of errors', refused: 'answers of 4xx', requests: 'calls a second', p50: 'latency', p95: 'latency', p99: 'latency', health: 'healthy, degraded, failing, idle', name: 'of an agent', kind: 'agent, model, tool, …',
  namespace: 'of an agent', versions: 'how many', mtls: 'share of calls', retries: 'how many', protocol: 'of an edge', change: 'against the window compared with', from: 'the caller', to: 'the callee',
}
const AMOUNTS = { share: ['1 %', '5 %', '50 %'], ms: ['100ms', '500ms', '2s'], rate: ['1/s', '10/s'], count: ['1', '10'] } as const
const HEALTHS = ['failing', 'degraded', 'healthy', 'idle', 'unknown']
const CHANGES = ['new', 'gone', 'worse', 'better', 'busier', 'quieter', 'same']

/** At the end of the line; nothing in the middle of a word that is complete. */
export function completeFind(line: string, view: GraphView): Completion[] {
  const tokens = tokenize(line)
  const open = line !== '' && !/[\s=<>~(]$/.test(line) ? (tokens.at(-1) ?? null) : null
  const before = open ? tokens.slice(0, -1) : tokens
  const typed = open?.text.toLowerCase() ?? ''
  const head = open ? line.slice(0, open.at) : line
  const space = head === '' || /[\s(]$/.test(head) ? '' : ' '
  const offer = (options: readonly { text: string; says?: string }[]): Completion[] =>
    options.filter(({ text }) => { const said = text.toLowerCase().replace(/^"/, ''); return said.startsWith(typed) && said !== typed }).slice(0, OFFERED_MAX).map(({ text, says = '' }) => ({ text, says, line: `${head}${space}${text} ` }))
  const last = before.at(-1)
  if (last?.kind === 'op') return offer(valuesOf(before.at(-2)?.text ?? '', view).map((text) => ({ text })))
  const field = last?.kind === 'word' ? findField(last.text) : null
  const isName = field !== null && before.at(-2)?.kind !== 'op'
  if (last && isName) return offer(OPERATORS.filter((operator) => (field.unit === 'text' ? ['=', '!=', '~'].includes(operator) : operator !== '~')).map((text) => ({ text })))
  const joins = ['and', 'or', 'not', 'edge', 'node', '(']
  if (!last || joins.includes(last.text.toLowerCase())) {
    const labels = [...new Set(view.nodes.flatMap((node) => Object.keys(node.labels)))].sort().map((name) => ({ text: `label.${name}`, says: 'label of an agent' }))
    const scopes = last && ['edge', 'node'].includes(last.text.toLowerCase()) ? [] : [{ text: 'edge', says: 'edges alone' }, { text: 'node', says: 'nodes alone' }, ...(last?.text.toLowerCase() === 'not' ? [] : [{ text: 'not', says: 'what does not match' }])]
    return offer([...scopes, ...FIELD_NAMES.map((text) => ({ text, says: SAYS[text] })), ...labels])
  }
  return offer([{ text: 'and', says: 'and a further condition' }, { text: 'or', says: 'or another' }])
}

function valuesOf(name: string, view: GraphView): readonly string[] {
  const field = findField(name)
  if (!field) return []
  if (field.unit !== 'text') return AMOUNTS[field.unit]
  if (field === findField('health')) return HEALTHS
  if (field === findField('change')) return CHANGES
  const values = [...view.nodes.map((node) => ({ type: 'node' as const, node })), ...view.edges.map((edge) => ({ type: 'edge' as const, edge, source: view.byId.get(edge.source), target: view.byId.get(edge.target) }))]
    .flatMap((item) => (field.has === 'both' || field.has === item.type ? (field.of(item) ?? []) : []))
  return [...new Set(values.map(String))].sort().map((value) => (/^[^\s,()"<>=!~]+$/.test(value) ? value : `"${value.replaceAll('"', '')}"`))
}
