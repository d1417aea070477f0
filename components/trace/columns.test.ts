import { expect, test } from 'vitest'
import type { TraceColumns } from '#server/contracts/telemetry.ts'
import { shownTrace } from './columns.ts'
import { criticalPath } from './critical-path.ts'
import { withoutHops } from './hops.ts'
import { buildTree, collapsedBelow, visibleRows } from './tree.ts'

/** A trace of a root and everything else directly below it, which is the widest there is. */
function wide(count: number): TraceColumns {
  const each = <T>(make: (at: number) => T) => Array.from({ length: count }, (_, at) => make(at))
  return {
    traceId: 'a'.repeat(32), startedAt: '2026-11-22T00:00:00.000Z', durationMs: count, truncated: false, services: ['writer', 'proxy'], names: ['plan', 'step'], conversation: 'talk',
    spanIds: each((at) => at.toString(16).padStart(16, '0')), parentIds: each((at) => (at === 0 ? null : '0'.repeat(16))), service: each((at) => at % 2), name: each((at) => Math.min(at, 1)),
    kind: each(() => 'internal'), status: each((at) => (at === 5 ? 'error' : 'unset')), offsetMs: each((at) => at), durationsMs: each(() => 1), proxy: each((at) => (at === 2 ? 1 : 0)), inputTokens: each((at) => (at === 3 ? 7 : null)), outputTokens: each(() => null),
  }
}

test('columns become spans that are drawn like any other', () => {
  const { spans, brief } = shownTrace(wide(6))
  expect(brief).toBe(true)
  expect(spans[0]).toMatchObject({ parentSpanId: null, service: 'writer', name: 'plan', genAi: { conversation: 'talk' } })
  expect(spans[2]).toMatchObject({ attributes: [{ key: 'component', value: 'proxy' }] })
  expect(spans[3]).toMatchObject({ service: 'proxy', name: 'step', startedAt: '2026-11-22T00:00:00.003Z', offsetMs: 3, durationMs: 1, genAi: { inputTokens: 7, conversation: null } })
  expect(spans[5]).toMatchObject({ status: 'error', genAi: null })
})

test('fifty thousand spans side by side are laid out', { timeout: 60_000 }, () => {
  const trace = shownTrace(wide(50_000))
  const spans = withoutHops(trace.spans)
  const tree = buildTree(spans, trace.durationMs)
  expect(visibleRows(tree, new Set())).toHaveLength(50_000)
  expect(visibleRows(tree, collapsedBelow(tree, 2))).toHaveLength(50_000)
  expect(criticalPath(tree).length).toBeGreaterThan(0)
})
