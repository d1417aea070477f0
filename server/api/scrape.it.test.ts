// From the targets that a person sets to edges of the graph, through a real collector.
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import type { ScrapeStatus } from '#server/contracts/scrape.ts'
import type { Graph } from '#server/contracts/telemetry.ts'
import { parseAllowList } from '#server/fetch/addresses.ts'
import { testApi } from '#server/testing/api.ts'
import { startTestCollector } from '#server/testing/collector.ts'
import { testDatabase } from '#server/testing/database.ts'
import { eventually } from '#server/testing/load.ts'
import { serve } from '#server/testing/serve.ts'

const recorded = (name: string) => readFileSync(new URL(`../../collectors/prometheus/testdata/${name}.txt`, import.meta.url))
const TEXT = 'text/plain; version=0.0.4'
const OPEN = 'application/openmetrics-text; version=1.0.0'

interface Statuses {
  items: ScrapeStatus[]
}

test('the calls that two other meshes’ proxies count are edges of the graph', async () => {
  await using lab = await startTestCollector({ allow: parseAllowList('127.0.0.1') })
  let scrape = 1
  await using istio = await serve((_, response) => response.writeHead(200, { 'content-type': TEXT }).end(recorded(`istio-${scrape}`)))
  await using linkerd = await serve((_, response) => response.writeHead(200, { 'content-type': OPEN }).end(recorded(`linkerd-${scrape}`)))
  const { as } = await testApi(lab.db)
  const statuses = async () => ((await (await as('viewer').get('/scrape-targets/status')).json()) as Statuses).items
  const edges = async () => {
    const { edges } = (await (await as('viewer').get('/graph?window=15m')).json()) as Graph
    return edges.map(({ source, target, requests, errors, evidence }) => `${source} → ${target} ${requests}/${errors}${evidence.mesh ? ' mesh' : ''}`).sort()
  }
  const items = [
    { name: 'productpage', url: `${istio.url}/stats/prometheus?key=1`, intervalSeconds: 5 },
    { name: 'web', url: `${linkerd.url}/metrics`, intervalSeconds: 5, workload: { namespace: 'emojivoto', name: 'web' } },
  ]
  expect((await as('admin').put('/scrape-targets', { items })).status).toBe(200)
  expect((await (await as('viewer').get('/scrape-targets')).json())).toMatchObject({ items: [{ url: `${istio.url}/stats/prometheus` }, { url: items[1]?.url }] })
  await eventually('both are scraped once', 20_000, async () => (await statuses()).every(({ state }) => state === 'up'))
  expect(await edges()).toEqual([])
  scrape = 2
  await eventually('both are scraped again', 30_000, async () => (await edges()).length >= 7)
  expect(await edges()).toEqual([
    'external/clients → unknown/emojivoto/web 5/0 mesh',
    'external/clients → unknown/productpage 60/0 mesh',
    'unknown/emojivoto/web → external/api.example.com 2/0 mesh',
    'unknown/emojivoto/web → unknown/emojivoto/emoji 21/0 mesh',
    'unknown/emojivoto/web → unknown/emojivoto/voting 21/3 mesh',
    'unknown/productpage → unknown/details 73/0 mesh',
    'unknown/productpage → unknown/reviews 73/2 mesh',
  ])
  expect(await statuses()).toMatchObject([{ name: 'productpage', error: null, edges: 4, refused: {} }, { name: 'web', error: null, edges: 4 }])
  expect((await as('admin').put('/scrape-targets', { items: [] })).status).toBe(200)
  await eventually('what is no target is forgotten', 20_000, async () => (await lab.db.pool.query('select 1 from telemetry.scrape')).rows.length === 0)
  expect(lab.errors).toEqual([])
})

const chunk = Buffer.alloc(65_536, 'x_total 1\n')
function endless(response: { write(part: Buffer): boolean; once(event: 'drain', listener: () => void): unknown; destroyed: boolean }) {
  if (!response.destroyed) response.write(chunk) ? setImmediate(() => endless(response)) : response.once('drain', () => endless(response))
}

const BAD: Record<string, { answer: RequestListener; says: RegExp }> = {
  html: { answer: (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'), says: /text\/html, which is no exposition/ },
  untyped: { answer: (_, response) => response.writeHead(200).end('a 1\n'), says: /no content type/ },
  missing: { answer: (_, response) => response.writeHead(404).end(), says: /answers 404/ },
  moved: { answer: (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(), says: /not followed/ },
  cut: { answer: (_, response) => void response.writeHead(200, { 'content-type': TEXT, 'content-length': 1000 }).write('a 1\n', () => response.destroy()), says: /did not answer/ },
  'cut-line': { answer: (_, response) => response.writeHead(200, { 'content-type': TEXT }).end('a 1\nb_tot'), says: /the answer was cut/ },
  endless: { answer: (_, response) => void endless(response.writeHead(200, { 'content-type': TEXT })), says: /larger than 16777216 bytes/ },
  slow: { answer: (_, response) => void setInterval(() => response.headersSent ? response.write('x') : response.writeHead(200, { 'content-type': TEXT }), 100).unref(), says: /no whole answer within 5 s/ },
  binary: { answer: (_, response) => response.writeHead(200, { 'content-type': TEXT }).end(Buffer.from([0xff, 0xfe, 0x0a])), says: /not UTF-8/ },
  protobuf: { answer: (_, response) => response.writeHead(200, { 'content-type': 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited' }).end('no protobuf'), says: /not valid protobuf/ },
}

test('a target that answers badly is down and says why; nothing is counted, and the others are scraped', async () => {
  await using served = await serve((request, response) => (request.url === '/good' ? response.writeHead(200, { 'content-type': TEXT }).end(recorded('istio-1')) : BAD[request.url?.slice(1) ?? '']?.answer(request, response)))
  await using lab = await startTestCollector({ allow: parseAllowList(`127.0.0.1:${served.port}`) })
  const { as } = await testApi(lab.db)
  const items = [...Object.keys(BAD), 'good'].map((name) => ({ name, url: `${served.url}/${name}`, intervalSeconds: 5 }))
  items.push({ name: 'inside', url: 'http://169.254.169.254/latest/meta-data/', intervalSeconds: 5 }, { name: 'elsewhere', url: 'http://127.0.0.1:1/metrics', intervalSeconds: 5 })
  expect((await as('admin').put('/scrape-targets', { items })).status).toBe(200)
  const statuses = async () => new Map(((await (await as('viewer').get('/scrape-targets/status')).json()) as Statuses).items.map((status) => [status.name, status]))
  await eventually('all are scraped', 45_000, async () => [...(await statuses()).values()].every(({ state }) => state !== 'waiting'))
  const found = await statuses()
  for (const [name, { says }] of Object.entries(BAD)) expect(found.get(name)?.error, name).toMatch(says)
  for (const name of ['inside', 'elsewhere']) expect(found.get(name)?.error, name).toMatch(/HEDDLE_FETCH_ALLOW/)
  expect(found.get('good')).toMatchObject({ state: 'up', error: null })
  expect((await lab.db.pool.query('select 1 from telemetry.edge')).rows).toEqual([])
  expect(lab.errors).toEqual([])
})

const REFUSED: Record<string, object> = {
  'another scheme': { name: 'a', url: 'file:///etc/passwd' },
  'a password in the URL': { name: 'a', url: 'http://ann:secret@example.com/metrics' },
  'a name that is none': { name: 'A b', url: 'http://example.com/' },
  'every second': { name: 'a', url: 'http://example.com/', intervalSeconds: 1 },
  'a field that is none': { name: 'a', url: 'http://example.com/', headers: {} },
  'a URL of 3,000 characters': { name: 'a', url: `http://example.com/${'x'.repeat(3000)}` },
}

test('targets that cannot be scraped are refused, each with its place', async () => {
  await using db = await testDatabase()
  const { as } = await testApi(db)
  for (const [what, item] of Object.entries(REFUSED)) {
    const answered = await as('admin').put('/scrape-targets', { items: [item] })
    expect([what, answered.status, await answered.text()]).toEqual([what, 422, expect.stringContaining('"pointer":"/items/0')])
  }
  const twice = { name: 'a', url: 'http://example.com/' }
  expect(await (await as('admin').put('/scrape-targets', { items: [twice, twice] })).text()).toContain('two targets have one name')
})
