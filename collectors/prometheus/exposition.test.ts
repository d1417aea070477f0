import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ScrapeTarget } from '#server/contracts/scrape.ts'
import { quantilesMs } from '#server/otlp/sketch.ts'
import { ByteWriter } from '#server/otlp/writer.ts'
import { readExposition } from './exposition.ts'
import { growth, packState, unpackState, type Growth } from './grown.ts'
import { readText } from './text.ts'

const ISTIO = ScrapeTarget.parse({ name: 'istio', url: 'http://127.0.0.1/' })
const LINKERD = ScrapeTarget.parse({ name: 'linkerd', url: 'http://127.0.0.1/', workload: { namespace: 'emojivoto', name: 'web' } })
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
const recorded = (name: string) => readFileSync(new URL(`testdata/${name}.txt`, import.meta.url))

interface Step {
  body: Buffer | string
  atMs: number
}

/** What the last of these scrapes adds. */
async function lastOf(steps: readonly Step[], target = ISTIO, type = TEXT): Promise<Growth> {
  let last: Growth | null = null
  for (const { body, atMs } of steps) last = growth(last && unpackState(packState(last.state)), await readExposition(Buffer.from(body), type, 'local', target), atMs)
  return last! // there is a step
}

const told = ({ edges }: Growth) =>
  edges.filter(({ delta }) => delta.counts.requests > 0).map(({ edge, delta: { counts } }) => `${edge.source}${edge.sourceVersion && `@${edge.sourceVersion}`} → ${edge.target}${edge.targetVersion && `@${edge.targetVersion}`} ${counts.requests}/${counts.errors}/${counts.refused} mtls ${counts.mtls}`).sort()
const ISTIO_GREW = [
  'agent/default/productpage@v1 → agent/default/details@v1 73/0/0 mtls 0',
  'agent/default/productpage@v1 → agent/default/reviews@v1 40/0/0 mtls 40',
  'agent/default/productpage@v1 → agent/default/reviews@v2 33/2/1 mtls 33',
  'external/clients → agent/default/productpage@v1 60/0/0 mtls 0',
]

test('a sidecar of Istio: what grew between two scrapes, and the first counts nothing', async () => {
  const first = { body: recorded('istio-1'), atMs: 0 }
  expect(told(await lastOf([first]))).toEqual([])
  const second = await lastOf([first, { body: recorded('istio-2'), atMs: 15_000 }])
  expect(told(second)).toEqual(ISTIO_GREW)
  const reviews = second.edges.find(({ edge }) => edge.target === 'agent/default/reviews' && edge.targetVersion === 'v1')!.delta // told above
  expect(reviews.counts).toMatchObject({ durationUs: 500_000, bytesSent: 28_000 })
  const [p50 = 0, p99 = 0] = quantilesMs(reviews.latency, [0.5, 0.99])!
  expect([p50 > 5 && p50 < 10, p99 > 25 && p99 < 50]).toEqual([true, true])
})

test('told by callees: what the caller’s proxy says is left to it', async () => {
  const steps = [{ body: recorded('istio-1'), atMs: 0 }, { body: recorded('istio-2'), atMs: 15_000 }]
  expect(told(await lastOf(steps, { ...ISTIO, toldBy: 'callees' }))).toEqual(['agent/default/loadgen → agent/default/productpage@v1 13/0/0 mtls 13', 'external/clients → agent/default/productpage@v1 60/0/0 mtls 0'])
})

test('a proxy of Linkerd, whose callers with a proxy speak for themselves', async () => {
  const steps = [{ body: recorded('linkerd-1'), atMs: 0 }, { body: recorded('linkerd-2'), atMs: 15_000 }]
  expect(told(await lastOf(steps, LINKERD, OPEN))).toEqual([
    'agent/emojivoto/web → agent/emojivoto/emoji 21/0/0 mtls 21',
    'agent/emojivoto/web → agent/emojivoto/voting 21/3/0 mtls 21',
    'agent/emojivoto/web → external/api.example.com 2/0/0 mtls 0',
    'external/clients → agent/emojivoto/web 5/0/0 mtls 0',
  ])
  const { refused } = await readExposition(recorded('linkerd-2'), OPEN, 'local', { ...LINKERD, workload: undefined })
  expect([...refused.keys()]).toEqual(['no_workload'])
})

/** The same samples as messages of a client library. */
function protobufOf(text: Buffer): Buffer {
  const families = new Map<string, { type: string; metrics: Map<string, { labels: [string, string][]; value: number; sum: number; buckets: [number, number][] }> }>()
  for (const sample of readText(text.toString(), () => true, false)) {
    if (sample === null) continue
    const isPart = sample.type === 'histogram'
    const family = isPart ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name
    const { le, ...labels } = sample.labels
    const { metrics } = families.get(family) ?? families.set(family, { type: sample.type, metrics: new Map() }).get(family)!
    const key = JSON.stringify(labels)
    const metric = metrics.get(key) ?? metrics.set(key, { labels: Object.entries(labels), value: 0, sum: 0, buckets: [] }).get(key)!
    if (le !== undefined) metric.buckets.push([le === '+Inf' ? Infinity : Number(le), sample.value])
    else if (sample.name.endsWith('_sum')) metric.sum = sample.value
    else metric.value = sample.value
  }
  return Buffer.concat([...families].map(([name, { type, metrics }]) => {
    const writer = new ByteWriter()
    writer.textField(1, name)
    writer.tag(3, 0)
    writer.varint({ counter: 0, gauge: 1, untyped: 3, histogram: 4 }[type] ?? 3)
    for (const { labels, value, sum, buckets } of metrics.values())
      writer.message(4, () => {
        for (const [label, text] of labels) writer.message(1, () => { writer.textField(1, label); writer.textField(2, text) })
        if (type !== 'histogram') return writer.message({ counter: 3, gauge: 2 }[type] ?? 5, () => { writer.tag(1, 1); writer.double(value) })
        writer.message(7, () => {
          writer.tag(1, 0); writer.varint(value)
          writer.tag(2, 1); writer.double(sum)
          for (const [bound, below] of buckets.slice(0, -1)) writer.message(3, () => { writer.tag(1, 0); writer.varint(below); writer.tag(2, 1); writer.double(bound) })
        })
      })
    const message = Buffer.from(writer.done())
    const framed = new ByteWriter()
    framed.varint(message.length)
    framed.raw(message)
    return Buffer.from(framed.done())
  }))
}

test('protobuf says the same as text', async () => {
  const steps = ['istio-1', 'istio-2'].map((name, index) => ({ body: recorded(name), atMs: index * 15_000 }))
  const fromText = await lastOf(steps)
  const fromBytes = await lastOf(steps.map(({ body, atMs }) => ({ body: protobufOf(body), atMs })), ISTIO, PROTOBUF)
  expect(told(fromBytes)).toEqual(ISTIO_GREW)
  expect(fromBytes.edges).toEqual(fromText.edges)
})

const line = (value: string | number, labels = '') => `istio_requests_total{reporter="source",source_canonical_service="a",source_workload_namespace="x",destination_canonical_service="b",destination_workload_namespace="x",response_code="200"${labels}} ${value}\n`
const at = (atMs: number, ...bodies: string[]): Step => ({ body: bodies.join(''), atMs })
const started = (seconds: number) => `# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${seconds}\n`
const requestsOf = ({ edges }: Growth) => edges.reduce((sum, { delta }) => sum + delta.counts.requests, 0)

test.each<[string, Step[], number]>([
  ['grows', [at(0, line(100)), at(15_000, line(107))], 7],
  ['stays', [at(0, line(100)), at(15_000, line(100))], 0],
  ['falls, because the proxy began anew', [at(0, line(100)), at(15_000, line(4))], 4],
  ['grows above what it was in a proxy that began anew', [at(0, line(100), started(1)), at(15_000, line(150), started(9))], 150],
  ['is new in a proxy that is known', [at(0, line(100)), at(15_000, line(100), line(9, ',pod="2"'))], 9],
  ['is gone for a scrape and comes back', [at(0, line(100)), at(15_000, '# nothing\n'), at(30_000, line(101))], 1],
  ['was not scraped for two hours', [at(0, line(100)), at(7_200_000, line(900))], 0],
  ['grows by more than can be', [at(0, line(100)), at(15_000, line(9e12))], 0],
])('a counter that %s', async (_, steps, requests) => {
  expect(requestsOf(await lastOf(steps))).toBe(requests)
})

const OTHER = line(5, ',pod="other"')
test.each<[string, string, string, number]>([
  ['NaN', line('NaN') + OTHER, 'not_a_number', 1],
  ['negative', line(-1) + OTHER, 'not_a_number', 1],
  ['infinite', line('+Inf') + OTHER, 'not_a_number', 1],
  ['beyond 2^53', line(1e300) + OTHER, 'not_a_number', 1],
  ['there twice', line(1) + line(2) + OTHER, 'duplicate', 2],
  ['a gauge', `# TYPE istio_requests_total gauge\n${line(1)}`, 'wrong_type', 0],
  ['to nobody', `istio_requests_total{reporter="source",source_workload="a",response_code="200"} 1\n${OTHER}`, 'no_callee', 1],
])('a series that is %s counts nothing and is said', async (_, text, reason, others) => {
  const { series, refused } = await readExposition(Buffer.from(text), TEXT, 'local', ISTIO)
  expect([series.size, Object.fromEntries(refused)]).toEqual([others, { [reason]: 1 }])
})

const part = (name: string, value: number, le?: string) => `istio_request_duration_milliseconds_${name}{reporter="source",source_workload="a",source_workload_namespace="x",destination_workload="b",destination_workload_namespace="x"${le === undefined ? '' : `,le="${le}"`}} ${value}\n`
test.each<[string, string]>([
  ['falls', part('bucket', 5, '1') + part('bucket', 4, '2') + part('bucket', 9, '+Inf') + part('count', 9)],
  ['lacks its end', part('bucket', 5, '1') + part('count', 5)],
  ['disagrees with its count', part('bucket', 5, '1') + part('bucket', 5, '+Inf') + part('count', 6)],
])('a histogram that %s counts nothing and is said', async (_, text) => {
  const { series, refused } = await readExposition(Buffer.from(text), TEXT, 'local', ISTIO)
  expect([series.size, Object.fromEntries(refused)]).toEqual([0, { not_a_histogram: 1 }])
})

test('more series, more pairs than a target may have are refused whole', { timeout: 60_000 }, async () => {
  const many = (count: number, label: (index: number) => string) => Buffer.from(Array.from({ length: count }, (_, index) => line(1, label(index))).join(''))
  await expect(readExposition(many(20_001, (index) => `,pod="${index}"`), TEXT, 'local', ISTIO)).rejects.toMatchObject({ code: 'too_large' })
  await expect(readExposition(many(2001, (index) => `,source_version="${index}"`), TEXT, 'local', ISTIO)).rejects.toThrow('more than 2000 pairs')
})
