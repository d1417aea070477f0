import { readFileSync } from 'node:fs'
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { TRACES } from '#server/otlp/messages.ts'
import { readTrace, readTraceOtlp } from '#server/queries/trace.ts'
import { jsonToProtobuf } from '../json.ts'
import { BODY } from './body.ts'
import { protobufOf, spansOf, startTestCollector, type Lab } from '#server/testing/collector.ts'
import { freshSpan, postOtlp, requestOf } from '#server/testing/spans.ts'

const TRACES_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const sample = (name: string) => readFileSync(new URL(`../testdata/${name}`, import.meta.url))

function post(lab: Lab, body: Buffer | string, headers: Record<string, string> = {}, path = '/v1/traces') {
  return postOtlp(lab.http + path, Buffer.from(body), headers)
}

async function grpcExport(lab: Lab, body: Buffer, options: { gzip?: boolean; token?: string } = {}): Promise<{ code: number; bytes: Buffer; metadata: Metadata | null }> {
  const client = new Client(lab.grpc, credentials.createInsecure(), { 'grpc.max_send_message_length': -1, ...(options.gzip ? { 'grpc.default_compression_algorithm': 2 } : {}) })
  const metadata = new Metadata()
  if (options.token) metadata.set('authorization', `Bearer ${options.token}`)
  const same = (bytes: Buffer) => bytes
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(TRACES_PATH, same, same, body, metadata, (error: ServiceError | null, bytes?: Buffer) => resolve({ code: error?.code ?? status.OK, bytes: bytes ?? Buffer.alloc(0), metadata: error?.metadata ?? null }))
    })
  } finally {
    client.close()
  }
}

test('every way in stores the same span, and gives it back as it came', async () => {
  await using lab = await startTestCollector()
  const ways = [
    { way: 'http protobuf', send: (body: string) => post(lab, protobufOf(body)) },
    { way: 'http protobuf gzip', send: (body: string) => post(lab, gzipSync(protobufOf(body)), { 'content-encoding': 'gzip' }) },
    { way: 'http json', send: (body: string) => post(lab, body, { 'content-type': 'application/json; charset=utf-8' }) },
    { way: 'http json gzip', send: (body: string) => post(lab, gzipSync(body), { 'content-type': 'application/json', 'content-encoding': 'gzip' }) },
    { way: 'grpc', send: async (body: string) => void expect(await grpcExport(lab, protobufOf(body))).toMatchObject({ code: status.OK, bytes: Buffer.alloc(0) }) },
    { way: 'grpc gzip', send: async (body: string) => void expect((await grpcExport(lab, protobufOf(body), { gzip: true })).code).toBe(status.OK) },
  ]
  for (const [index, { way, send }] of ways.entries()) {
    const span = freshSpan({
      traceId: `AB${String(index).padStart(30, '0')}`,
      attributes: [
        { key: 'big', value: { intValue: '9007199254740993' } },
        { key: 'number', value: { intValue: -7 } },
        { key: 'real', value: { doubleValue: 0.1 } },
        { key: 'nested', value: { arrayValue: { values: [{ stringValue: 'a' }, { kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } }] } } },
        { key: 'bytes', value: { bytesValue: 'AAEC' } },
      ],
      events: [{ timeUnixNano: '1', name: 'happened', attributes: [{ key: 'why', value: { stringValue: 'reasons' } }] }],
      links: [{ traceId: 'CD'.repeat(16), spanId: 'EF'.repeat(8) }],
    })
    const answer = await send(requestOf([span]))
    if (answer) expect(answer.status, way).toBe(200)
    const stored = await readTraceOtlp(lab.db, 'local', span.traceId.toLowerCase(), 'all')
    const lower = { ...span, traceId: span.traceId.toLowerCase(), attributes: span.attributes!.map((item) => (item.key === 'number' ? { key: 'number', value: { intValue: '-7' } } : item)), links: [{ traceId: 'cd'.repeat(16), spanId: 'ef'.repeat(8) }] }
    expect(stored?.resourceSpans, way).toMatchObject([{ scopeSpans: [{ spans: [lower] }] }])
  }
  expect(lab.errors).toEqual([])
})

test('a success says nothing, in the encoding of the request; an empty request is one', async () => {
  await using lab = await startTestCollector()
  const json = await post(lab, '{}', { 'content-type': 'application/json' })
  expect([json.status, json.headers.get('content-type'), await json.text()]).toEqual([200, 'application/json', '{}'])
  const proto = await post(lab, '')
  expect([proto.status, proto.headers.get('content-type'), (await proto.arrayBuffer()).byteLength]).toEqual([200, 'application/x-protobuf', 0])
})

test('bad requests get the code of the protocol and a google.rpc.Status in their own encoding', async () => {
  await using lab = await startTestCollector()
  const cases: [string, Promise<Response>, number][] = [
    ['protobuf that is none', post(lab, Buffer.from([0x0a, 0xff, 0xff, 0xff])), 400],
    ['json that is none', post(lab, '{"resourceSpans": [', { 'content-type': 'application/json' }), 400],
    ['gzip that is none', post(lab, 'plain', { 'content-encoding': 'gzip' }), 400],
    ['an enum by its name', post(lab, requestOf([{ ...freshSpan(), kind: 'SPAN_KIND_SERVER' as unknown as number }]), { 'content-type': 'application/json' }), 400],
    ['an unknown content type', post(lab, 'x', { 'content-type': 'text/plain' }), 415],
    ['an unknown content encoding', post(lab, 'x', { 'content-encoding': 'br' }), 415],
    ['a path that OTLP has not', post(lab, '', {}, '/v1/nothing'), 404],
    ['a token that nobody gave out', post(lab, '', { authorization: 'Bearer made-up' }), 401],
    ['GET', fetch(`${lab.http}/v1/traces`), 405],
    ['a page of another origin', post(lab, '', { origin: 'https://evil.example' }), 403],
  ]
  for (const [name, response, expected] of cases) expect((await response).status, name).toBe(expected)
  const refused = await post(lab, '[]', { 'content-type': 'application/json' })
  expect(await refused.json()).toEqual({ code: 3, message: 'the body takes an object, not []' })
  expect((await grpcExport(lab, Buffer.from([0x0a, 0xff, 0xff, 0xff]))).code).toBe(status.INVALID_ARGUMENT)
  expect((await grpcExport(lab, Buffer.alloc(0), { token: 'made-up' })).code).toBe(status.UNAUTHENTICATED)
  expect((await post(lab, requestOf([freshSpan()]), { 'content-type': 'application/json' })).status).toBe(200)
})

test('JSON by the letter: unknown and snake_case keys ignored, base64 ids refused, integers as text or number', async () => {
  await using lab = await startTestCollector()
  const good = { ...freshSpan({ traceId: 'a1'.repeat(16) }), unknownKey: { deep: [1] }, start_time_unix_nano: 'nonsense', name: 'kept' }
  const base64 = { ...freshSpan(), traceId: 'W47/95gDgQPSabYzgTwGDA==' }
  const answer = await post(lab, requestOf([good, base64]), { 'content-type': 'application/json' })
  expect(await answer.json()).toEqual({ partialSuccess: { rejectedSpans: '1', errorMessage: '1 refused: a trace id is 16 bytes, not all zero' } })
  expect(await spansOf(lab.db, 'a1'.repeat(16))).toMatchObject([{ operation: 'kept' }])
})

test('of a hundred spans with seven bad ids, ninety-three are stored and seven are counted back', async () => {
  await using lab = await startTestCollector()
  const traceId = 'b2'.repeat(16)
  const spans = Array.from({ length: 100 }, () => freshSpan({ traceId }))
  spans[3]!.traceId = '0'.repeat(32)
  spans[14]!.traceId = 'abcd'
  spans[25]!.traceId = ''
  spans[36]!.traceId = 'c'.repeat(34)
  spans[47]!.spanId = '0'.repeat(16)
  spans[58]!.spanId = ''
  spans[69]!.parentSpanId = 'abcd'
  const http = await post(lab, requestOf(spans), { 'content-type': 'application/json' })
  expect(await http.json()).toMatchObject({ partialSuccess: { rejectedSpans: '7' } })
  expect(await spansOf(lab.db, traceId)).toHaveLength(93)
  const { code, bytes } = await grpcExport(lab, protobufOf(requestOf([{ ...freshSpan(), traceId: '' }])))
  expect([code, bytes.subarray(2, 4)]).toEqual([status.OK, Buffer.from([0x08, 0x01])]) // partial_success { rejected_spans: 1 }
})

test('one bad byte of UTF-8 in any text field costs nothing but that character', async () => {
  await using lab = await startTestCollector()
  const traceId = 'c3'.repeat(16)
  const span = freshSpan({ traceId, name: 'MARK', traceState: 'MARK', attributes: [{ key: 'MARK', value: { stringValue: 'MARK' } }], events: [{ name: 'MARK', timeUnixNano: '1' }], status: { code: 2, message: 'MARK' } })
  const body = protobufOf(requestOf([span], { 'service.name': 'MARK' }))
  for (let at = body.indexOf('MARK'); at >= 0; at = body.indexOf('MARK', at + 1)) body[at + 2] = 0xff
  expect((await post(lab, body)).status).toBe(200)
  expect((await readTrace(lab.db, 'local', traceId, 'all'))?.spans).toMatchObject([{ service: 'MA\ufffdK', name: 'MA\ufffdK', statusMessage: 'MA\ufffdK', events: [{ name: 'MA\ufffdK' }] }])
  const nul = freshSpan({ traceId: 'c4'.repeat(16), name: 'a\u0000b' })
  expect((await post(lab, requestOf([nul], { 'service.name': 'n\u0000l' }), { 'content-type': 'application/json' })).status).toBe(200)
  expect(await spansOf(lab.db, nul.traceId)).toMatchObject([{ service: 'n\ufffdl', operation: 'a\ufffdb' }])
})

test('times that cannot be right are placed at arrival, and break nothing', async () => {
  await using lab = await startTestCollector()
  const traceId = 'd4'.repeat(16)
  const now = Date.now()
  const ns = (ms: number) => `${Math.round(ms)}000000`
  const times = { zero: ['0', '0'], 'in 1970': [ns(1000), ns(2000)], 'in ten years': [ns(now + 3.2e11), ns(now + 3.2e11 + 5)], backwards: [ns(now), ns(now - 500)], 'thirty days long': [ns(now - 30 * 864e5), ns(now)], 'no start': ['0', ns(now)], largest: ['18446744073709551615', '18446744073709551615'] }
  const spans = Object.entries(times).map(([name, [startTimeUnixNano = '', endTimeUnixNano = '']]) => freshSpan({ traceId, name, startTimeUnixNano, endTimeUnixNano }))
  const answer = await post(lab, requestOf(spans), { 'content-type': 'application/json' })
  expect([answer.status, await answer.text()]).toEqual([200, '{}'])
  const { rows } = await lab.db.pool.query<{ name: string; ok: boolean; clock: boolean; duration_us: string }>(
    `select operation.name, abs(extract(epoch from time) * 1000 - $2) < 60000 as ok, flags & 4 <> 0 as clock, duration_us from telemetry.span join telemetry.span_class on span_class.id = class_id join telemetry.operation on operation.id = operation_id where trace_id = $1::uuid`,
    [traceId, now],
  )
  expect(rows).toHaveLength(7)
  for (const row of rows) expect(row, row.name).toMatchObject({ ok: true, clock: true })
  expect(rows.find((row) => row.name === 'thirty days long')?.duration_us).toBe(String(30 * 86_400_000_000))
  for (const name of ['zero', 'backwards', 'no start']) expect(rows.find((row) => row.name === name)?.duration_us, name).toBe('0')
})

test('bodies of garbage are refused and change nothing for the next sender', { timeout: 120_000 }, async () => {
  await using lab = await startTestCollector()
  const good = [protobufOf(requestOf([freshSpan(), freshSpan()])), protobufOf(sample('trace.json').toString())]
  let seed = 20261122
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below
  for (let round = 0; round < 40; round++) {
    const bodies = Array.from({ length: 25 }, () => {
      const body = Buffer.from(good[random(2)]!) // one of two
      for (let edits = 1 + random(6); edits > 0; edits--) body[random(body.length)] = random(256)
      return random(4) === 0 ? body.subarray(0, random(body.length)) : body
    })
    const answers = await Promise.all(bodies.map(async (body, index) => (index % 5 === 0 ? (await grpcExport(lab, body)).code : (await post(lab, body)).status)))
    for (const code of answers) expect([0, 3, 200, 400]).toContain(code)
  }
  expect((await post(lab, requestOf([freshSpan()]), { 'content-type': 'application/json' })).status).toBe(200)
  expect(lab.errors).toEqual([])
})

test('what is too large is refused for good, before and after decompression', { timeout: 120_000 }, async () => {
  await using lab = await startTestCollector()
  const before = process.memoryUsage().rss
  const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024))
  const answer = await post(lab, bomb, { 'content-encoding': 'gzip' })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([413, null])
  expect((await post(lab, Buffer.alloc(65 * 1024 * 1024))).status).toBe(413)
  const grpc = await grpcExport(lab, Buffer.alloc(65 * 1024 * 1024), { gzip: true })
  expect([grpc.code, grpc.metadata?.get('grpc-status-details-bin')]).toEqual([status.RESOURCE_EXHAUSTED, []])
  expect(process.memoryUsage().rss - before).toBeLessThan(700 * 1024 * 1024) // this process also made the bodies
})

/** One call as bytes: a prefix that promises `declared` bytes, and `sent` of them. */
function rawCall(session: ClientHttp2Session, options: { declared?: number; sent?: Buffer; finish?: boolean; headers?: OutgoingHttpHeaders }): Promise<string> {
  const { sent = Buffer.alloc(0), declared = sent.length, finish = true, headers = {} } = options
  const call = session.request({ ':method': 'POST', ':path': TRACES_PATH, 'content-type': 'application/grpc', te: 'trailers', ...headers })
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(declared, 1)
  call.write(Buffer.concat([prefix, sent]))
  if (finish) call.end()
  return new Promise((resolve) => {
    const said = (headers: IncomingHttpHeaders) => headers['grpc-status'] !== undefined && resolve(String(headers['grpc-status']))
    call.on('response', (headers) => (headers[':status'] === 200 ? said(headers) : resolve(`http ${headers[':status']}`)))
    call.on('trailers', said)
    call.on('error', () => resolve('broken'))
    call.on('close', () => resolve('closed'))
    call.resume()
  })
}

test('messages over gRPC that never end are counted in the collector’s budget, and cut off', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  const { allBytesMax } = BODY
  onTestFinished(() => void (BODY.allBytesMax = allBytesMax))
  BODY.allBytesMax = 1024 * 1024
  const sessions = Array.from({ length: 4 }, () => connectHttp2(`http://${lab.grpc}`))
  const startedAt = Date.now()
  const calls = sessions.flatMap((session) => Array.from({ length: 8 }, () => rawCall(session, { declared: 60_000, sent: Buffer.alloc(50_000), finish: false })))
  const ends = await Promise.all(calls)
  expect(Date.now() - startedAt).toBeLessThan(20_000)
  const told = ends.filter((end) => end === String(status.UNAVAILABLE)).length
  expect(told).toBeGreaterThanOrEqual(11) // 32 of 50 kB are 1.6 MB
  expect(told).toBeLessThan(32)
  expect(await rawCall(sessions[0]!, { sent: protobufOf(requestOf([freshSpan()])) })).toBe('0') // what was cut off is given back, on the same connection too
  for (const session of sessions) session.destroy()
})

test('a call over gRPC that is none is answered as gRPC says', async () => {
  await using lab = await startTestCollector()
  const session = connectHttp2(`http://${lab.grpc}`)
  onTestFinished(() => session.destroy())
  const good = protobufOf(requestOf([freshSpan()]))
  const calls: [string, Parameters<typeof rawCall>[1], string][] = [
    ['another path', { sent: good, headers: { ':path': '/grpc.health.v1.Health/Check' } }, '12'],
    ['no gRPC', { sent: good, headers: { 'content-type': 'application/json' } }, 'http 415'],
    ['a message that is cut short', { sent: good, declared: good.length + 1 }, '3'],
    ['more than one message', { sent: Buffer.concat([good, good]), declared: good.length }, '3'],
    ['no message', { sent: Buffer.alloc(0), declared: 7 }, '3'],
    ['a made-up token', { sent: good, headers: { authorization: 'Bearer made-up' } }, '16'],
    ['another scheme', { sent: good, headers: { authorization: 'Basic eA==' } }, '16'],
    ['a good one', { sent: good }, '0'],
  ]
  for (const [name, call, answer] of calls) expect([name, await rawCall(session, call)]).toEqual([name, answer])
})

test('five hundred senders that trickle are cut off while others are served', { timeout: 90_000 }, async () => {
  await using lab = await startTestCollector()
  const sockets = Array.from({ length: 500 }, () => {
    const socket = connect(lab.collector.httpPort, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n')
    return socket
  })
  const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  const startedAt = Date.now()
  const drip = setInterval(() => sockets.forEach((socket) => socket.write('x')), 1000)
  let isOver = false
  void closed.then(() => (isOver = true))
  let served = 0
  while (!isOver && Date.now() - startedAt < 60_000) {
    expect((await post(lab, requestOf([freshSpan()]), { 'content-type': 'application/json' })).status).toBe(200)
    served++
    await sleep(250)
  }
  clearInterval(drip)
  expect(isOver).toBe(true)
  expect(served).toBeGreaterThan(5)
})

test('recorded payloads of agent frameworks and tools are taken whole', async () => {
  await using lab = await startTestCollector({ retentionMs: 20 * 365 * 86_400_000 })
  for (const name of ['agent-frameworks.any-agent.otlp.jsonl', 'agent-frameworks.langfuse.otlp.jsonl', 'trace.json', 'jaeger-otel_traces_01.otlp.json']) {
    const text = sample(name).toString()
    for (const line of name.endsWith('l') ? text.split('\n').filter((each) => each.trim() !== '') : [text]) {
      const answer = await post(lab, line, { 'content-type': 'application/json' })
      expect([name, answer.status, await answer.text()]).toEqual([name, 200, '{}'])
    }
  }
  expect((await post(lab, sample('telemetrygen-v0.161.0-traces.pb'))).status).toBe(200)
  const { rows } = await lab.db.pool.query<{ operation: string }>('select distinct gen_ai_operation as operation from telemetry.span_class where gen_ai_operation is not null')
  expect(rows.map((row) => row.operation)).toEqual(expect.arrayContaining(['chat', 'execute_tool', 'invoke_agent']))
  expect(lab.collector.totals.contentDropped).toBeGreaterThan(50)
  const { rows: blocks } = await lab.db.pool.query<{ bytes: Buffer }>('select bytes from telemetry.span_block')
  const { openBlock } = await import('#server/otlp/block.ts')
  expect(blocks.some(({ bytes }) => openBlock(bytes).includes('gen_ai.input.messages'))).toBe(false)
  expect(protobufOf(sample('trace.json').toString()).equals(jsonToProtobuf(sample('trace.json'), TRACES))).toBe(true)
})
