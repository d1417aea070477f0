import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { protobufOf } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, requestOf, type TestSpan } from '#server/testing/spans.ts'
import { decodeTraces } from '../decode.ts'
import { BlockPacker } from './block.ts'
import { PART, partsOf } from './parts.ts'
import { byTrace } from './trace-order.ts'

const noonMs = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 43_200_000

/** Lengths of the parts that spans of one trace make; each of them is `[milliseconds after noon, conversation]`. */
function lengthsOf(spans: readonly [afterMs: number, conversation?: string][], extra: Partial<TestSpan> = {}): number[] {
  const traceId = randomBytes(16).toString('hex')
  const sent = spans.map(([afterMs, conversation]) => freshSpan({ traceId, startTimeUnixNano: `${noonMs + afterMs}000000`, endTimeUnixNano: `${noonMs + afterMs + 1}000000`, ...(conversation === undefined ? {} : { attributes: attributesOf({ 'gen_ai.conversation.id': conversation }) }), ...extra }))
  const { spans: columns } = decodeTraces(protobufOf(requestOf(sent)), { sender: { mesh: 'local', name: null, proxy: null }, nowUs: Date.now() * 1000, retentionUs: 7 * 86_400e6, recordsContent: () => true })
  columns.ids = columns.groups.map(() => ({ resource: 1, scope: 1, sender: 1, service: { id: 1, mesh: 'local', node: '', namespace: '', version: '' } }))
  const packer = new BlockPacker()
  const parts = byTrace([columns]).flatMap((trace) => partsOf([columns], trace, packer))
  expect(parts.flatMap((part) => part.places.filter((_, at) => at % 3 === 1)).sort((a, b) => a - b)).toEqual(sent.map((_, index) => index)) // each span is in one
  for (const part of parts) expect(part.newestUs - part.oldestUs).toBeLessThan(PART.widthUs)
  return parts.map((part) => part.places.length / 3)
}

test.each<[string, [number, string?][], number[]]>([
  ['spans of one trace are one part', [[0], [5], [3]], [3]],
  ['a conversation has parts of its own, however its spans are mixed with others', [[0, 'a'], [1], [2, 'a'], [3], [4, 'b']], [2, 2, 1]],
  ['a part is less than a minute wide', [[0], [59_000], [61_000], [1000]], [3, 1]],
  ['a part has so many spans', Array.from({ length: PART.spansMax + 1 }, (_, at): [number] => [at]), [PART.spansMax, 1]],
  ['a day has parts of its own', [[43_199_999], [43_200_001 - 86_400_000], [-43_200_001]], [1, 1, 1]],
])('%s', (_, spans, lengths) => expect(lengthsOf(spans)).toEqual(lengths))
