import type { EdgeView, NodeView } from './figures.ts'

export type Item = { type: 'node'; node: NodeView } | { type: 'edge'; edge: EdgeView; source: NodeView | undefined; target: NodeView | undefined }
export type Unit = 'share' | 'ms' | 'rate' | 'count' | 'text'

export interface Field {
  unit: Unit
  of: (item: Item) => number | string | null
  /** Items that have it. */
  has: 'node' | 'edge' | 'both'
}

const figures = (item: Item) => (item.type === 'node' ? item.node.received : item.edge.figures)
const nodeText = (of: (node: NodeView) => string | null): Field => ({ unit: 'text', has: 'node', of: (item) => (item.type === 'node' ? of(item.node) : null) })
const edgeText = (of: (item: Extract<Item, { type: 'edge' }>) => string | null): Field => ({ unit: 'text', has: 'edge', of: (item) => (item.type === 'edge' ? of(item) : null) })

const FIELDS: Record<string, Field> = {
  error: { unit: 'share', has: 'both', of: (item) => figures(item).errorShare },
  refused: { unit: 'count', has: 'both', of: (item) => figures(item).refused },
  requests: { unit: 'rate', has: 'both', of: (item) => figures(item).perSecond },
  p50: { unit: 'ms', has: 'both', of: (item) => figures(item).p50 },
  p95: { unit: 'ms', has: 'both', of: (item) => figures(item).p95 },
  p99: { unit: 'ms', has: 'both', of: (item) => figures(item).p99 },
  health: { unit: 'text', has: 'both', of: (item) => (item.type === 'node' ? item.node.health : item.edge.health) },
  name: nodeText((node) => node.name),
  kind: nodeText((node) => node.kind),
  namespace: nodeText((node) => node.namespace),
  versions: { unit: 'count', has: 'node', of: (item) => (item.type === 'node' ? item.node.versions.length : null) },
  mtls: { unit: 'share', has: 'edge', of: (item) => (item.type === 'edge' ? item.edge.mtlsShare : null) },
  retries: { unit: 'count', has: 'edge', of: (item) => (item.type === 'edge' ? item.edge.retries : null) },
  protocol: edgeText(({ edge }) => edge.protocol),
  change: edgeText(({ edge }) => edge.change?.kind ?? null),
  from: edgeText(({ source }) => source?.name ?? null),
  to: edgeText(({ target }) => target?.name ?? null),
}

const ALIASES: Record<string, string> = { errors: 'error', rate: 'requests', calls: 'requests', latency: 'p95', state: 'health', source: 'from', target: 'to', type: 'kind', ns: 'namespace', tls: 'mtls', version: 'versions' }

export const FIELD_NAMES = Object.keys(FIELDS)

/** A field by its name or another word for it; `label.team` is the label `team`. */
export function findField(name: string): Field | null {
  const lower = name.toLowerCase()
  if (lower.startsWith('label.') && lower.length > 6) return nodeText((node) => node.labels[name.slice(6)] ?? null)
  return FIELDS[ALIASES[lower] ?? lower] ?? null
}

/** `1 %`, `0.01`, `250ms`, `2 s`, `5/s`, `30/min`: a number in the field's own unit, or a sentence about what is expected. */
export function parseAmount(unit: Exclude<Unit, 'text'>, text: string): number | string {
  const match = /^(\d+(?:\.\d+)?)(%|ms|s|min|\/s|\/min|k)?$/i.exec(text)
  const says = { share: 'a share such as 1 %', ms: 'a time such as 250 ms', rate: 'a rate such as 5/s', count: 'a number' }[unit]
  if (!match) return `“${text}” is not ${says}`
  const [value, suffix] = [Number(match[1]), match[2]?.toLowerCase() ?? '']
  const scale = SCALES[unit][suffix]
  return scale === undefined ? `“${text}” is not ${says}` : value * scale
}

/** A bare share is percent: `error > 1` means what `error > 1 %` does. */
const SCALES: Record<Exclude<Unit, 'text'>, Record<string, number | undefined>> = {
  share: { '': 0.01, '%': 0.01 },
  ms: { '': 1, ms: 1, s: 1000, min: 60_000 },
  rate: { '': 1, '/s': 1, '/min': 1 / 60, k: 1000 },
  count: { '': 1, k: 1000 },
}
