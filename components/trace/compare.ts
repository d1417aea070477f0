// Two traces laid upon each other: the same work is what stands under the same work, by service and operation. Pure.
import type { TraceTree } from './tree.ts'

/** One for each trace. */
export type Pair<T> = readonly [T, T]

export interface ComparedRow {
  /** Of its own among these rows. */
  key: string
  depth: number
  service: string
  name: string
  /** Spans that stand here; 0 where the trace has none. */
  spans: Pair<number>
  /** What they took together, and of that what nothing below them took. */
  tookMs: Pair<number>
  ownMs: Pair<number>
  failed: Pair<number>
  /** The first span of each, to be looked at. */
  first: Pair<number | null>
}

export const COMPARED_ROWS_MAX = 5000
/** Less than this is the same. */
const SAME_RATIO = 0.05
const SAME_MS = 1

/** Rows in the order of a tree; spans of one service and operation under one parent are one row. Iterative: chains may be 10,000 deep. */
export function compareTrees(trees: Pair<TraceTree>): ComparedRow[] {
  const own = [ownTimes(trees[0]), ownTimes(trees[1])] as const
  const rows: ComparedRow[] = []
  const stack = groupsOf(trees, [trees[0].roots, trees[1].roots], '', 0)
  for (let group = stack.pop(); group && rows.length < COMPARED_ROWS_MAX; group = stack.pop()) {
    const { members, key, depth, service, name } = group
    const sum = (side: 0 | 1, of: (index: number) => number) => members[side].reduce((total, index) => total + of(index), 0)
    const pair = (of: (side: 0 | 1) => (index: number) => number): Pair<number> => [sum(0, of(0)), sum(1, of(1))]
    rows.push({
      key, depth, service, name,
      spans: [members[0].length, members[1].length],
      tookMs: pair((side) => (index) => trees[side].spans[index]!.durationMs), // indexes come from the tree, here and below
      ownMs: pair((side) => (index) => own[side][index]!),
      failed: pair((side) => (index) => (trees[side].spans[index]!.status === 'error' ? 1 : 0)),
      first: [members[0][0] ?? null, members[1][0] ?? null],
    })
    const below = (side: 0 | 1) => members[side].flatMap((index) => trees[side].childrenOf[index] ?? [])
    stack.push(...groupsOf(trees, [below(0), below(1)], String(rows.length), depth + 1))
  }
  return rows
}

interface Group {
  key: string
  depth: number
  service: string
  name: string
  members: [number[], number[]]
  startsMs: number
}

/** By service and operation, the earliest last: they go on a stack. */
function groupsOf(trees: Pair<TraceTree>, indexes: Pair<readonly number[]>, above: string, depth: number): Group[] {
  const groups = new Map<string, Group>()
  for (const side of [0, 1] as const) {
    for (const index of indexes[side]) {
      const { service, name, offsetMs } = trees[side].spans[index]!
      const key = `${above} ${service}\t${name}`
      const group: Group = groups.get(key) ?? { key, depth, service, name, members: [[], []], startsMs: offsetMs }
      group.members[side].push(index)
      groups.set(key, group)
    }
  }
  return [...groups.values()].sort((a, b) => b.startsMs - a.startsMs)
}

/** Of each span, the time in which none of its children was at work. */
function ownTimes(tree: TraceTree): Float64Array {
  const own = new Float64Array(tree.spans.length)
  tree.spans.forEach((span, index) => {
    const endMs = span.offsetMs + span.durationMs
    let covered = 0
    let reachedMs = span.offsetMs
    for (const child of tree.childrenOf[index] ?? []) { // in order of start
      const { offsetMs, durationMs } = tree.spans[child]!
      const fromMs = Math.max(reachedMs, offsetMs)
      const toMs = Math.min(endMs, offsetMs + durationMs)
      if (toMs <= fromMs) continue
      covered += toMs - fromMs
      reachedMs = toMs
    }
    own[index] = Math.max(0, span.durationMs - covered)
  })
  return own
}

export type Difference = 'only-first' | 'only-second' | 'slower' | 'faster' | 'failed' | 'same'

/** What the second trace is against the first. A failure says more than a time. */
export function differenceOf({ spans, tookMs: [was, is], failed }: ComparedRow): Difference {
  if (spans[1] === 0) return 'only-first'
  if (spans[0] === 0) return 'only-second'
  if (failed[1] > 0 !== failed[0] > 0) return 'failed'
  if (Math.abs(is - was) < SAME_MS || Math.abs(is - was) < SAME_RATIO * Math.max(is, was)) return 'same'
  return is > was ? 'slower' : 'faster'
}

/** The row whose own work changed most, with by how much: where the difference comes from. Null when nothing did. */
export function mostChanged(rows: readonly ComparedRow[]): { row: ComparedRow; ms: number } | null {
  let most: { row: ComparedRow; ms: number } | null = null
  for (const row of rows) {
    const ms = row.ownMs[1] - row.ownMs[0]
    if (Math.abs(ms) >= SAME_MS && Math.abs(ms) > Math.abs(most?.ms ?? 0)) most = { row, ms }
  }
  return most
}

/** Rows that differ, and those above them. */
export function differing(rows: readonly ComparedRow[]): ComparedRow[] {
  const kept: ComparedRow[] = []
  let needed = 0 // rows shallower than this lie above one that is kept
  for (const row of rows.toReversed()) {
    if (differenceOf(row) === 'same' && row.depth >= needed) continue
    kept.push(row)
    needed = row.depth
  }
  return kept.reverse()
}
