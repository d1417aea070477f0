// What senders send, encoded before the clock starts: traces of ten spans over five services, with the attributes that HTTP and GenAI
// instrumentations write.
import { randomBytes } from 'node:crypto'
import { protobufOf } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, requestOf, type TestSpan } from '#server/testing/spans.ts'

const SETS = 40
const TRACES = 50
const SERVICES = ['gateway', 'orchestrator', 'researcher', 'writer', 'translator']

/** Requests that share their traces. */
export interface PayloadSet {
  spans: number
  requests: { body: Buffer; traceIdsAt: number[]; timesAt: number[] }[]
}

/** `whole`: a request holds its traces. `scattered`: a request is of one service and has 1 to 64 spans, as SDKs send. */
export function makeSets(shape: 'whole' | 'scattered'): PayloadSet[] {
  return Array.from({ length: SETS }, () => {
    const byService = new Map<string, TestSpan[]>(SERVICES.map((service) => [service, []]))
    const traceIds = Array.from({ length: TRACES }, () => addTrace(byService))
    const lists = [...byService].flatMap(([service, spans]) => (shape === 'whole' ? [{ service, spans }] : cut(spans).map((part) => ({ service, spans: part }))))
    const encoded = lists.map(({ service, spans }) => JSON.parse(requestOf(spans, { 'service.name': service, 'service.namespace': 'default', 'service.version': 'v1', 'telemetry.sdk.language': 'nodejs' })).resourceSpans as unknown[])
    const bodies = shape === 'whole' ? [encoded.flat()] : shuffled(encoded)
    return { spans: TRACES * 10, requests: bodies.map((resourceSpans) => encode(resourceSpans, traceIds)) }
  })
}

/** The same bodies with trace ids of their own, and so much earlier. */
export function renewed({ requests }: PayloadSet, earlierMs = 0): Buffer[] {
  const salt = randomBytes(8)
  const earlierNs = BigInt(Math.round(earlierMs)) * 1_000_000n
  return requests.map(({ body, traceIdsAt, timesAt }) => {
    const copy = Buffer.from(body)
    for (const at of traceIdsAt) for (let index = 0; index < 8; index++) copy[at + index]! ^= salt[index]! // within the id
    if (earlierNs !== 0n) for (const at of timesAt) copy.writeBigUInt64LE(copy.readBigUInt64LE(at) - earlierNs, at)
    return copy
  })
}

function addTrace(byService: ReadonlyMap<string, TestSpan[]>): string {
  const traceId = randomBytes(16).toString('hex')
  let parent: TestSpan | undefined
  let startUs = Date.now() * 1000 - Math.floor(Math.random() * 5e6)
  for (let index = 0; index < 10; index++) {
    const server = index % 2 === 0
    startUs += 1 + Math.floor(Math.random() * 20_000)
    const span = freshSpan({
      traceId,
      kind: server ? 2 : 3,
      name: server ? 'POST /' : 'chat sample-model',
      parentSpanId: parent?.spanId,
      startTimeUnixNano: `${startUs}${Math.floor(100 + Math.random() * 900)}`,
      endTimeUnixNano: `${startUs + 300 + Math.floor(Math.random() * 200_000)}000`,
      attributes: attributesOf({
        'http.request.method': 'POST', 'url.path': '/v1/message', 'server.address': 'translator.default.mesh', 'http.response.status_code': 200, 'network.protocol.version': '1.1',
        ...(server ? { 'http.route': '/' } : { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'sample-model', 'gen_ai.usage.input_tokens': 120 + index, 'gen_ai.usage.output_tokens': 40 + (startUs % 50) }),
        'request.id': randomBytes(8).toString('hex'),
      }),
    })
    byService.get(SERVICES[Math.floor(index / 2)]!)!.push(span) // five services, ten spans
    parent = span
  }
  return traceId
}

function cut(spans: readonly TestSpan[]): TestSpan[][] {
  const parts: TestSpan[][] = []
  for (let at = 0; at < spans.length; ) parts.push(spans.slice(at, (at += 1 + Math.floor(Math.random() * 64))))
  return parts
}

function shuffled<T>(items: readonly T[]): T[] {
  return items.map((item) => ({ item, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ item }) => item)
}

function encode(resourceSpans: readonly unknown[], traceIds: readonly string[]): PayloadSet['requests'][number] {
  const body = protobufOf(JSON.stringify({ resourceSpans }))
  const traceIdsAt = traceIds.flatMap((traceId) => placesOf(Buffer.from(traceId, 'hex'), body))
  const spans = (resourceSpans as { scopeSpans: { spans: TestSpan[] }[] }[]).flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)) // as requestOf makes them
  const times = new Set(spans.flatMap((span) => [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)]))
  return { body, traceIdsAt, timesAt: placesOfTimes(times, body) }
}

/** Fields 7 and 8 of a span. */
function placesOfTimes(times: ReadonlySet<bigint>, body: Buffer): number[] {
  const places: number[] = []
  for (let at = 1; at + 8 <= body.length; at++) if ((body[at - 1] === 0x39 || body[at - 1] === 0x41) && times.has(body.readBigUInt64LE(at))) places.push(at)
  return places
}

function placesOf(bytes: Buffer, body: Buffer): number[] {
  const places: number[] = []
  for (let at = body.indexOf(bytes); at >= 0; at = body.indexOf(bytes, at + bytes.length)) places.push(at)
  return places
}
