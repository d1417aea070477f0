import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { startTestCollector, spansOf } from '#server/testing/collector.ts'

const traceId = '5b8efff798038103d269b633813fc60c'

test('a span from HTTP JSON is in the store when it is acknowledged', async () => {
  await using lab = await startTestCollector()
  const body = JSON.stringify({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'alpha' } }] }, scopeSpans: [{ spans: [{ traceId, spanId: 'eee19b7ec3c1b174', name: 'work', kind: 1, startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now() + 5}000000` }] }] }] })
  const answer = await fetch(`${lab.http}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: gzipSync(body) })
  expect({ status: answer.status, body: await answer.json() }).toEqual({ status: 200, body: {} })
  expect(await spansOf(lab.db, traceId)).toMatchObject([{ service: 'alpha', operation: 'work', duration_us: '5000' }])
})
