// What grows: large batches, a million different values, a store that hangs.
import { randomBytes } from 'node:crypto'
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { readTrace, readTraceOtlp } from '#server/queries/trace.ts'
import { protobufOf, startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf } from '#server/testing/spans.ts'
import { CLASS_LIMITS, OTHER_NAMES } from '../spans/classes.ts'

const MIB = 1024 * 1024
const TRACES_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

function exportOverGrpc(lab: Lab, body: Buffer): Promise<{ code: number; details: Buffer }> {
  const client = new Client(lab.grpc, credentials.createInsecure(), { 'grpc.max_send_message_length': -1 })
  const same = (bytes: Buffer) => bytes
  return new Promise<{ code: number; details: Buffer }>((resolve) => {
    client.makeUnaryRequest(TRACES_PATH, same, same, body, (error: ServiceError | null) => {
      const [details] = error?.metadata.get('grpc-status-details-bin') ?? []
      resolve({ code: error?.code ?? status.OK, details: Buffer.from(details ?? '') })
    })
  }).finally(() => client.close())
}

async function storedOf(lab: Lab, traceId: string): Promise<number> {
  const { rows } = await lab.db.pool.query<{ spans: number }>('select count(distinct span_id)::int as spans from telemetry.span where trace_id = $1::uuid', [traceId])
  return rows[0]!.spans // an aggregate gives a row
}

/** Spans of four kilobytes each, of one trace. */
function batchOf(bytes: number): { traceId: string; count: number; body: Buffer } {
  const traceId = randomBytes(16).toString('hex')
  const padding = 'x'.repeat(4000)
  const count = Math.floor(bytes / 4150)
  const spans = Array.from({ length: count }, () => freshSpan({ traceId, attributes: attributesOf({ padding }) }))
  return { traceId, count, body: protobufOf(requestOf(spans)) }
}

test.each([3.9, 4.1, 63])('a batch of %d MiB is taken whole, over HTTP and gRPC', { timeout: 120_000 }, async (mib) => {
  await using lab = await startTestCollector()
  for (const way of ['http', 'grpc'] as const) {
    const { traceId, count, body } = batchOf(mib * MIB)
    expect(body.length / (mib * MIB)).toBeGreaterThan(0.98)
    expect(body.length).toBeLessThan(mib * MIB)
    if (way === 'http') expect((await postOtlp(`${lab.http}/v1/traces`, body)).status).toBe(200)
    else expect((await exportOverGrpc(lab, body)).code).toBe(status.OK)
    expect(await storedOf(lab, traceId)).toBe(count)
  }
})

test('while the store hangs, senders over gRPC are told when to come again, and are then taken', { timeout: 60_000 }, async () => {
  await using lab = await startTestCollector()
  const body = protobufOf(requestOf([freshSpan()]))
  expect((await exportOverGrpc(lab, body)).code).toBe(status.OK)
  const holder = await lab.db.pool.connect()
  await holder.query('begin; lock table telemetry.turn') // no commit of spans gets past it
  const startedAt = Date.now()
  const { code, details } = await exportOverGrpc(lab, body)
  expect(code).toBe(status.UNAVAILABLE)
  expect(Date.now() - startedAt).toBeLessThan(5000) // a second, on a machine that does much else
  expect(details.includes(RETRY_INFO)).toBe(true)
  expect(details.subarray(details.indexOf(RETRY_INFO) + RETRY_INFO.length)).toEqual(Buffer.from([0x12, 0x04, 0x0a, 0x02, 0x08, 0x01])) // value { retry_delay { seconds: 1 } }
  await holder.query('rollback')
  holder.release()
  let again = await exportOverGrpc(lab, body)
  for (let tries = 0; again.code !== status.OK && tries < 20; tries++) again = await exportOverGrpc(lab, body)
  expect(again.code).toBe(status.OK)
})

test('an attribute of fifty megabytes is taken; a trace shows how it begins and says so, and in OTLP it is whole', { timeout: 120_000 }, async () => {
  await using lab = await startTestCollector()
  const [span, other] = [freshSpan({ attributes: attributesOf({ large: 'x'.repeat(50_000_000), small: 'y' }) }), freshSpan()]
  for (const each of [span, other]) expect((await postOtlp(`${lab.http}/v1/traces`, protobufOf(requestOf([each])))).status).toBe(200)
  const trace = await readTrace(lab.db, 'local', span.traceId, 'all')
  const [large, small] = trace!.spans[0]!.attributes.map(({ value }) => String(value))
  expect([large!.length < 66_000, large!.slice(-80), small]).toEqual([true, expect.stringContaining('(cut here, of 50,000,000 characters; ?format=otlp has all)'), 'y'])
  expect(JSON.stringify(await readTraceOtlp(lab.db, 'local', span.traceId, 'all')).length).toBeGreaterThan(50_000_000)
  expect((await readTrace(lab.db, 'local', other.traceId, 'all'))?.spans).toHaveLength(1)
})

const VALUES = ['http.request.method', 'url.full', 'server.address', 'rpc.system', 'gen_ai.operation.name', 'gen_ai.agent.name', 'gen_ai.request.model', 'gen_ai.tool.name', 'gen_ai.conversation.id', 'error.type', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

test('a million different values take bounded room, share a named class, and leave other services theirs', { timeout: 280_000 }, async () => {
  await using lab = await startTestCollector()
  const url = `${lab.http}/v1/traces`
  const template = protobufOf(requestOf(Array.from({ length: 2000 }, () => freshSpan({ kind: 3, name: 'MARK0000', attributes: attributesOf(Object.fromEntries(VALUES.map((key) => [key, 'MARK0000']))) })), { 'service.name': 'loud' }))
  const values: number[] = []
  for (let at = template.indexOf('MARK0000'); at >= 0; at = template.indexOf('MARK0000', at + 8)) values.push(at)
  let before = 0
  let value = 0
  while (value < 1_050_000) {
    for (const at of values) template.write((value++).toString(36).padStart(8, '0'), at)
    expect((await postOtlp(url, template)).status).toBe(200)
    if (before === 0 && value > 500_000) before = process.memoryUsage().rss
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB) // the second half of a million adds nothing that stays
  const { rows } = await lab.db.pool.query<{ name: string; classes: number; operations: number; shared: boolean }>(
    `select service.name, count(*)::int as classes, count(distinct operation.name)::int as operations, bool_or(operation.name = $1) as shared
     from telemetry.span_class join telemetry.service on service.id = service_id join telemetry.operation on operation.id = operation_id group by 1`,
    [OTHER_NAMES],
  )
  expect(rows).toMatchObject([{ name: 'loud', shared: true }])
  expect(rows[0]!.classes).toBeLessThanOrEqual(CLASS_LIMITS.classesPerService * 1.25) // the classes without names are few, and beside them
  expect(rows[0]!.operations).toBeLessThanOrEqual(CLASS_LIMITS.operationsPerService + 1)
  expect((await postOtlp(url, protobufOf(requestOf([freshSpan({ name: 'GET /quiet' })], { 'service.name': 'quiet' })))).status).toBe(200)
  const { rows: quiet } = await lab.db.pool.query(`select operation.name from telemetry.operation join telemetry.service on service.id = service_id where service.name = 'quiet'`)
  expect(quiet).toEqual([{ name: 'GET /quiet' }])
})
