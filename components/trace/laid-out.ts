import type { Span } from '#server/contracts/telemetry.ts'
import type { ShownTrace } from './columns.ts'
import { criticalPath, type CriticalSegment } from './critical-path.ts'
import { withoutHops } from './hops.ts'
import { buildTree, type TraceTree } from './tree.ts'

export interface LaidOut {
  /** Without those of proxies that an agent's own span tells of. */
  spans: readonly Span[]
  tree: TraceTree
  segments: readonly CriticalSegment[]
}

const laid = new WeakMap<ShownTrace, LaidOut>() // 50,000 spans take a fifth of a second, and several parts of a page ask

/** A trace as it is shown first: proxies folded away. */
export function layOut(trace: ShownTrace): LaidOut {
  const known = laid.get(trace)
  if (known) return known
  const spans = withoutHops(trace.spans)
  const tree = buildTree(spans, trace.durationMs)
  const found = { spans, tree, segments: criticalPath(tree) }
  laid.set(trace, found)
  return found
}
