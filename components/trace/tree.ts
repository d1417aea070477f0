/** The spans of a trace as a tree that always draws: missing parents, doubled ids and circles included. */
import type { Span } from '#server/contracts/telemetry.ts'

/** Spans are addressed by their index: ids come from outside and may repeat. */
export interface TraceTree {
  spans: readonly Span[]
  roots: readonly number[]
  childrenOf: readonly (readonly number[])[]
  parentOf: readonly (number | null)[]
  /** Spans whose parent is named but not here. */
  orphans: ReadonlySet<number>
  durationMs: number
}

export interface WaterfallRow {
  index: number
  depth: number
  children: number
  collapsed: boolean
  /** 1-based place among its siblings, for assistive technology. */
  position: number
  siblings: number
}

export function buildTree(spans: readonly Span[], durationMs: number): TraceTree {
  const indexOf = new Map<string, number>()
  spans.forEach((span, index) => indexOf.has(span.spanId) || indexOf.set(span.spanId, index))
  const parentOf: (number | null)[] = spans.map((span, index) => {
    const parent = span.parentSpanId === null ? undefined : indexOf.get(span.parentSpanId)
    return parent === undefined || parent === index ? null : parent
  })
  cutCircles(parentOf)
  const byStart = (a: number, b: number) => spans[a]!.offsetMs - spans[b]!.offsetMs || a - b // indexes of this list
  const childrenOf: number[][] = spans.map(() => [])
  parentOf.forEach((parent, index) => parent !== null && childrenOf[parent]!.push(index)) // a parent is an index of this list
  for (const children of childrenOf) children.sort(byStart)
  return {
    spans,
    roots: spans.map((_, index) => index).filter((index) => parentOf[index] === null).sort(byStart),
    childrenOf,
    parentOf,
    orphans: new Set(spans.flatMap((span, index) => (span.parentSpanId !== null && parentOf[index] === null ? [index] : []))),
    durationMs: spans.reduce((longest, span) => Math.max(longest, span.offsetMs + span.durationMs), durationMs),
  }
}

/** In a circle of parents one span becomes a root; the walk colours spans so that each is passed once. */
function cutCircles(parentOf: (number | null)[]): void {
  const walk = new Int32Array(parentOf.length)
  parentOf.forEach((_, start) => {
    for (let index: number | null = start; index !== null && walk[index] === 0; index = parentOf[index] ?? null) {
      walk[index] = start + 1
      const parent: number | null = parentOf[index] ?? null
      if (parent !== null && walk[parent] === start + 1) parentOf[index] = null
    }
  })
}

/** The rows to draw, in order, with the children of collapsed spans left out. Iterative: chains may be 10,000 deep. */
export function visibleRows(tree: TraceTree, collapsed: ReadonlySet<number>): WaterfallRow[] {
  const rows: WaterfallRow[] = []
  const stack = stacked(tree.roots, 0)
  for (let next = stack.pop(); next; next = stack.pop()) {
    const children = tree.childrenOf[next.index] ?? []
    const isCollapsed = children.length > 0 && collapsed.has(next.index)
    rows.push({ ...next, children: children.length, collapsed: isCollapsed })
    if (!isCollapsed) stack.push(...stacked(children, next.depth + 1))
  }
  return rows
}

function stacked(indexes: readonly number[], depth: number): Omit<WaterfallRow, 'children' | 'collapsed'>[] {
  return indexes.map((index, at) => ({ index, depth, position: at + 1, siblings: indexes.length })).reverse()
}

export function ancestorsOf(tree: TraceTree, index: number): number[] {
  const ancestors: number[] = []
  for (let parent = tree.parentOf[index] ?? null; parent !== null; parent = tree.parentOf[parent] ?? null) ancestors.push(parent)
  return ancestors
}

/** Spans that have children at `depth` or deeper: collapsing them shows the trace to that depth. */
export function collapsedBelow(tree: TraceTree, depth: number): Set<number> {
  return new Set(visibleRows(tree, new Set()).filter((row) => row.depth >= depth && row.children > 0).map((row) => row.index))
}
