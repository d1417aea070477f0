// Ten thousand broken bodies: each is refused as the sender's mistake, or what is kept of it can be read back.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MeshError } from '#server/contracts/errors.ts'
import { LOG_RECORD, LOGS, SPAN, TRACES } from '#server/otlp/messages.ts'
import { protobufToJson } from '#server/otlp/to-json.ts'
import { seeded } from '#server/testing/seeded.ts'
import { decodeTraces } from './decode.ts'
import { jsonToProtobuf } from './json.ts'
import { decodeLogs } from './logs/decode.ts'
import { decodeMetrics } from './metrics/decode.ts'
import { COLUMN } from './spans/columns.ts'

const BODIES = 10_000
const sample = (name: string) => readFileSync(new URL(`testdata/${name}`, import.meta.url))
const attribute = { key: 'gen_ai.input.messages', value: { arrayValue: { values: [{ stringValue: 'a' }, { kvlistValue: { values: [{ key: 'k', value: { intValue: '1' } }] } }] } } }
const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
const TRACES_BODY = jsonToProtobuf(Buffer.from(JSON.stringify({ resourceSpans: [{ resource: { attributes: [attribute] }, scopeSpans: [{ scope: { name: 's', attributes: [attribute] }, spans: [{ ...ids, parentSpanId: ids.spanId, name: 'n', kind: 2, startTimeUnixNano: '1', endTimeUnixNano: '2', attributes: [attribute], events: [{ name: 'gen_ai.choice', attributes: [attribute] }], links: [{ ...ids, attributes: [attribute] }], status: { code: 2, message: 'm' } }] }] }] })), TRACES)
const LOGS_BODY = jsonToProtobuf(Buffer.from(JSON.stringify({ resourceLogs: [{ resource: { attributes: [attribute] }, scopeLogs: [{ scope: { name: 's' }, logRecords: [{ ...ids, timeUnixNano: '1', eventName: 'gen_ai.choice', body: attribute.value, attributes: [attribute] }] }] }] })), LOGS)
const options = { sender: { mesh: 'local', name: null, proxy: null }, nowUs: 1.7e15, retentionUs: 1e12, recordsContent: () => true }

function readBack(bytes: Buffer): void {
  const { spans } = decodeTraces(bytes, options)
  for (let index = 0; index < spans.count; index++) {
    const cut = spans.cuts.get(index)
    protobufToJson(Buffer.from(cut?.kept ?? bytes.subarray(spans.get(index, COLUMN.keptFrom), spans.get(index, COLUMN.keptTo))), SPAN)
    if (cut?.content) protobufToJson(cut.content, SPAN)
  }
}

const SIGNALS: [string, readonly Buffer[], (bytes: Buffer) => void][] = [
  ['traces', [Buffer.from(TRACES_BODY), sample('telemetrygen-v0.161.0-traces.pb')], readBack],
  ['logs', [Buffer.from(LOGS_BODY)], (bytes) => decodeLogs(bytes, options).records.forEach((record) => protobufToJson(Buffer.concat([record.bytes, record.content ?? Buffer.alloc(0)]), LOG_RECORD))],
  ['metrics', [sample('telemetrygen-v0.161.0-metrics-histogram.pb')], (bytes) => void decodeMetrics(bytes, options.sender, 1)],
]

test.each(SIGNALS)('%s', { timeout: 120_000 }, (_signal, good, take) => {
  const next = seeded(20261122) // the same bodies each time
  const random = (below: number) => Math.floor(next() * below)
  const strange: unknown[] = []
  let taken = 0
  for (let round = 0; round < BODIES; round++) {
    let body: Buffer = Buffer.from(good[random(good.length)]!) // in bounds
    if (random(10) === 0) body = Buffer.from(Array.from({ length: random(200) }, () => random(256)))
    for (let edits = 1 + random(5); edits > 0 && body.length > 0; edits--) body[random(body.length)] = random(256)
    if (random(4) === 0) body = body.subarray(0, random(body.length + 1))
    try {
      take(body)
      taken++
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== 'bad_request') strange.push([body.toString('hex'), error])
    }
  }
  expect(strange.slice(0, 3)).toEqual([])
  expect(taken).toBeGreaterThan(100)
  expect(taken).toBeLessThan(BODIES - 1000)
})
