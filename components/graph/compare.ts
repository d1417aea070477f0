// Two windows of one graph: what came, what went, and what differs by more than chance.
import type { Graph } from '#server/contracts/telemetry.ts'
import { rangeMs, type TimeRange } from '#components/time-range.ts'
import { formatMs, formatRate, formatShare } from '#components/ui/format.ts'
import { sumFigures, viewGraph, type EdgeView, type Figures, type GraphView, type NodeView } from './figures.ts'

/** How much earlier the other window lies; null is right before the one that is shown. */
const EARLIER_MS = { before: null, hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const
export type Comparison = keyof typeof EARLIER_MS
export const COMPARISONS = ['before', 'hour', 'day', 'week'] as const satisfies readonly Comparison[]

export type ChangeKind = 'new' | 'gone' | 'worse' | 'better' | 'busier' | 'quieter' | 'same'

export interface EdgeChange {
  kind: ChangeKind
  /** `errors 0.1 % → 4 %`; empty when nothing differs. */
  says: string
  /** Null where there was no call. */
  before: Figures | null
}

export interface Compared {
  /** False when nothing at all was counted then, so that nothing can be said. */
  known: boolean
  counts: Record<ChangeKind, number>
}

/** Fewer calls than this in either window say nothing about errors and times. */
const CALLS_MIN = 30
/** In standard errors: beyond it, chance is an answer once in some four hundred edges. */
const BEYOND_CHANCE = 3
const ERRORS_MIN = 0.005
const TIMES_MIN = 1.5
const MS_MIN = 5

/** The window of the same length that lies so much earlier. */
export function windowBefore(range: TimeRange, comparison: Comparison, now: number): { from: string; to: string } {
  const end = range.kind === 'fixed' ? Date.parse(range.to) : now
  const to = end - (EARLIER_MS[comparison] ?? rangeMs(range))
  return { from: new Date(to - rangeMs(range)).toISOString(), to: new Date(to).toISOString() }
}

export function sayComparison(comparison: Comparison): string {
  return { before: 'the time before', hour: 'an hour before', day: 'a day before', week: 'a week before' }[comparison]
}

/** The graph of now, each edge with its change; what is gone stands in it without calls. */
export function compareGraphs(now: GraphView, earlier: Graph): GraphView {
  const before = viewGraph(earlier)
  const known = before.edges.length > 0
  const then = new Map(before.edges.map((edge) => [edge.id, edge]))
  const edges = now.edges.map((edge): EdgeView => ({ ...edge, change: known ? changeOf(edge, then.get(edge.id)) : null }))
  const stands = new Set(edges.map((edge) => edge.id))
  const gone = before.edges.filter((edge) => !stands.has(edge.id)).map((edge): EdgeView => ({ ...edge, requests: 0, errors: 0, figures: sumFigures([], now.seconds), health: 'idle', open: false, change: { kind: 'gone', says: `was ${formatRate(edge.figures.perSecond)}`, before: edge.figures } }))
  const all = [...edges, ...gone]
  const lost = before.nodes.filter((node) => !now.byId.has(node.id) && gone.some((edge) => edge.source === node.id || edge.target === node.id)).map((node): NodeView => ({ ...node, health: 'idle', received: sumFigures([], now.seconds), sent: sumFigures([], now.seconds), callers: [], callees: [] }))
  const nodes = [...now.nodes, ...lost]
  const count = (kind: ChangeKind) => all.filter((edge) => edge.change?.kind === kind).length
  return {
    ...now,
    nodes,
    edges: all,
    byId: new Map(nodes.map((node) => [node.id, node])),
    compared: { known, counts: { new: count('new'), gone: count('gone'), worse: count('worse'), better: count('better'), busier: count('busier'), quieter: count('quieter'), same: count('same') } },
  }
}

function changeOf(edge: EdgeView, before: EdgeView | undefined): EdgeChange {
  if (!before || before.requests === 0) return { kind: edge.requests > 0 ? 'new' : 'same', says: edge.requests > 0 ? 'new' : '', before: null }
  if (edge.requests === 0) return { kind: 'gone', says: `was ${formatRate(before.figures.perSecond)}`, before: before.figures }
  const [was, is] = [before.figures, edge.figures]
  const errors = errorsDiffer(was, is)
  const time = timeDiffers(was, is)
  const rate = rateDiffers(was, is)
  const says = [
    errors !== 0 && `errors ${formatShare(was.errorShare)} → ${formatShare(is.errorShare)}`,
    time !== 0 && `p95 ${formatMs(was.p95)} → ${formatMs(is.p95)}`,
    rate !== 0 && `${formatRate(was.perSecond)} → ${formatRate(is.perSecond)}`,
  ].filter(Boolean).join(', ')
  const kind = errors > 0 || time > 0 ? 'worse' : errors < 0 || time < 0 ? 'better' : rate > 0 ? 'busier' : rate < 0 ? 'quieter' : 'same'
  return { kind, says, before: was }
}

/** 1 for more of it, -1 for less, 0 when it may be chance: two shares by their pooled standard error. */
export function errorsDiffer(was: Pick<Figures, 'requests' | 'errors'>, is: Pick<Figures, 'requests' | 'errors'>): number {
  if (was.requests < CALLS_MIN || is.requests < CALLS_MIN) return 0
  const difference = is.errors / is.requests - was.errors / was.requests
  const pooled = (is.errors + was.errors) / (is.requests + was.requests)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / is.requests + 1 / was.requests))
  return Math.abs(difference) >= ERRORS_MIN && Math.abs(difference) > BEYOND_CHANCE * error ? Math.sign(difference) : 0
}

function timeDiffers(was: Figures, is: Figures): number {
  if (was.p95 === null || is.p95 === null || was.requests < CALLS_MIN || is.requests < CALLS_MIN) return 0
  const [less, more] = was.p95 < is.p95 ? [was.p95, is.p95] : [is.p95, was.p95]
  return more >= less * TIMES_MIN && more - less >= MS_MIN ? Math.sign(is.p95 - was.p95) : 0
}

/** Calls come as they like: a count varies by its own root. */
function rateDiffers(was: Figures, is: Figures): number {
  const [wasSeconds, isSeconds] = [was.requests / was.perSecond, is.requests / is.perSecond]
  const difference = is.perSecond - was.perSecond
  const error = Math.sqrt(is.requests / isSeconds ** 2 + was.requests / wasSeconds ** 2)
  const times = Math.max(is.perSecond, was.perSecond) / Math.min(is.perSecond, was.perSecond)
  return times >= TIMES_MIN && Math.abs(difference) > BEYOND_CHANCE * error ? Math.sign(difference) : 0
}
