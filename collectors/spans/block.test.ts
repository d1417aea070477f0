import { expect, test } from 'vitest'
import { openBlock, spanAt } from '#server/otlp/block.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { DAY_US } from '../days.ts'
import { BlockPacker } from './block.ts'
import { COLUMN, SpanColumns } from './columns.ts'
import { noMeaning } from './meaning.ts'
import { NO_NAME, shapeOf } from './shapes.ts'

const resource = { bytes: Buffer.alloc(0), namespace: 'default', service: 'a', version: '', instance: '', proxy: false }
const shape = shapeOf(NO_NAME, noMeaning())

interface Sent {
  day: number
  /** An OTLP Span of a name. */
  bytes: Buffer
}

function requestOf(sent: readonly Sent[]): SpanColumns {
  const spans = new SpanColumns(Buffer.concat(sent.map(({ bytes }) => bytes)))
  spans.groups.push({ sender: { mesh: 'local', name: null, proxy: null }, resource, scope: Buffer.alloc(0) })
  spans.ids = [{ resource: 1, scope: 2, sender: 3, service: { id: 4, mesh: 'local', node: 'agent/default/a', namespace: 'default', version: '' } }]
  spans.reserve(sent.length)
  let at = 0
  for (const { day, bytes } of sent) {
    const index = spans.add(shape, day * DAY_US + spans.count, 1)
    spans.set(index, COLUMN.group, 0)
    spans.set(index, COLUMN.keptFrom, at)
    spans.set(index, COLUMN.keptTo, (at += bytes.length))
  }
  return spans
}

/** Packs them in order; answers the blocks' days, and what stands where each span was said to be. */
function packed(sent: readonly Sent[]): { days: number[]; texts: string[] } {
  const packer = new BlockPacker()
  const spans = requestOf(sent)
  const places = sent.map(({ day }, index) => ({ at: packer.add(spans, index), id: packer.id.toString('hex'), day }))
  packer.close()
  const blocks = new Map(packer.blocks.map((block) => [`${block.id.toString('hex')} ${block.dayUs / DAY_US}`, openBlock(block.bytes)]))
  return { days: packer.blocks.map(({ dayUs }) => dayUs / DAY_US), texts: places.map(({ at, id, day }) => spanAt(blocks.get(`${id} ${day}`)!, at).bytes.toString()) } // each was said to be in one
}

const span = (day: number, name: string): Sent => {
  const writer = new ByteWriter()
  writer.textField(5, name)
  return { day, bytes: writer.done() }
}
const texts = (sent: readonly Sent[]) => sent.map(({ bytes }) => bytes.toString())

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

test('a block says when its first span began and when its last', () => {
  const packer = new BlockPacker()
  const spans = requestOf([span(1, 'a'), span(2, 'b'), span(2, 'c'), span(1, 'd')])
  for (const index of [3, 1, 0, 2]) packer.add(spans, index)
  packer.close()
  expect(packer.blocks.map(({ dayUs, oldestUs, newestUs }) => [oldestUs - dayUs, newestUs - dayUs])).toEqual([[0, 3], [1, 2]])
})
