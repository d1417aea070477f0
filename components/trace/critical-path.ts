import type { TraceTree } from './tree.ts'

export interface CriticalSegment {
  index: number
  fromMs: number
  toMs: number
}

/**
 * The work that the end of the trace waited for: from a span's end backwards, the child that ended last before that moment
 * takes over until its start. Shortening anything else would not have made the trace shorter.
 */
export function criticalPath(tree: TraceTree): CriticalSegment[] {
  const root = [...tree.roots].sort((a, b) => endOf(tree, b) - endOf(tree, a))[0]
  if (root === undefined) return []
  const segments: CriticalSegment[] = []
  const open = [{ index: root, untilMs: endOf(tree, root) }]
  for (let span = open.pop(); span; span = open.pop()) {
    const startMs = tree.spans[span.index]!.offsetMs // indexes come from the tree
    let cursorMs = span.untilMs
    const { untilMs } = span
    const byEnd = [...(tree.childrenOf[span.index] ?? [])].sort((a, b) => Math.min(endOf(tree, b), untilMs) - Math.min(endOf(tree, a), untilMs))
    for (const child of byEnd) {
      const childStartMs = Math.max(startMs, tree.spans[child]!.offsetMs)
      const childEndMs = Math.min(endOf(tree, child), untilMs) // two clocks, or work that goes on: what is after the end, the end did not wait for
      if (childEndMs > cursorMs || childStartMs >= cursorMs || childEndMs <= startMs) continue
      if (childEndMs < cursorMs) segments.push({ index: span.index, fromMs: childEndMs, toMs: cursorMs })
      open.push({ index: child, untilMs: childEndMs })
      cursorMs = childStartMs
    }
    if (cursorMs > startMs) segments.push({ index: span.index, fromMs: startMs, toMs: cursorMs })
  }
  return segments.sort((a, b) => a.fromMs - b.fromMs)
}

function endOf(tree: TraceTree, index: number): number {
  const span = tree.spans[index]!
  return span.offsetMs + span.durationMs
}

/** The service that holds most of the critical path, with its share of the whole; null for an empty trace. */
export function slowestService(tree: TraceTree, segments: readonly CriticalSegment[]): { service: string; share: number } | null {
  const msOf = new Map<string, number>()
  for (const { index, fromMs, toMs } of segments) {
    const service = tree.spans[index]!.service
    msOf.set(service, (msOf.get(service) ?? 0) + toMs - fromMs)
  }
  const total = [...msOf.values()].reduce((sum, ms) => sum + ms, 0)
  const first = [...msOf].sort((a, b) => b[1] - a[1])[0]
  return first && total > 0 ? { service: first[0], share: first[1] / total } : null
}
