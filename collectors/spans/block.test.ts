import { expect, test } from 'vitest'
import { openBlock, spanAt } from '#server/otlp/block.ts'
import { BlockPacker } from './block.ts'
import { FLAG, PROTOCOL, type SpanRow } from './row.ts'

const DAY_US = 86_400e6
const resource = { bytes: Buffer.alloc(0), namespace: 'default', service: 'a', version: '', instance: '', proxy: false }
const group = { sender: { mesh: 'local', name: null, proxy: null }, resource, scope: Buffer.alloc(0) }

function span(day: number, text: string): SpanRow {
  const kept = Buffer.from(text)
  return {
    group, source: Buffer.alloc(24), traceAt: 0, spanAt: 16, parentAt: -1, name: 'n', timeUs: day * DAY_US + 5, durationUs: 1, flags: FLAG.root,
    fields: { kind: 1, status: 0, protocol: PROTOCOL.none, httpStatus: null, peer: null, operation: null, agent: null, model: null, tool: null },
    bytesSent: null, bytesReceived: null, inputTokens: null, outputTokens: null, conversation: null,
    kept, keptFrom: 0, keptTo: kept.length, content: null, ids: { resource: 1, scope: 2, sender: 3, service: { id: 4, mesh: 'local', node: 'agent/default/a', namespace: 'default', version: '' } }, class: null,
  }
}

/** Packs them in order; answers the blocks' days, and what stands where each span was said to be. */
function packed(spans: readonly SpanRow[]): { days: number[]; texts: string[] } {
  const packer = new BlockPacker()
  const places = spans.map((each) => ({ at: packer.add(each), id: packer.id.toString('hex'), day: Math.floor(each.timeUs / DAY_US) }))
  packer.close()
  const blocks = new Map(packer.blocks.map((block) => [`${block.id.toString('hex')} ${block.dayUs / DAY_US}`, openBlock(block.bytes)]))
  return { days: packer.blocks.map(({ dayUs }) => dayUs / DAY_US), texts: places.map(({ at, id, day }) => spanAt(blocks.get(`${id} ${day}`)!, at).bytes.toString()) } // each was said to be in one
}

const texts = (spans: readonly SpanRow[]) => spans.map(({ kept }) => kept.toString())

test('spans to and fro over midnight share two blocks', () => {
  const spans = Array.from({ length: 100 }, (_, index) => span(20_000 + (index % 2), `span ${index}`))
  expect(packed(spans)).toEqual({ days: [20_000, 20_001], texts: texts(spans) })
})

test('a block that is full makes room for the next of its day, and a span larger than a block has its own', () => {
  const spans = [span(1, 'a'.repeat(100_000)), span(2, 'b'), span(1, 'c'.repeat(100_000)), span(1, 'd'.repeat(500_000)), span(2, 'e')]
  expect(packed(spans)).toEqual({ days: [1, 1, 2, 1], texts: texts(spans) })
})

test('of more days than are kept open none is lost', () => {
  const spans = Array.from({ length: 200 }, (_, index) => span(index % 50, `span ${index}`))
  expect(packed(spans).texts).toEqual(texts(spans))
})
