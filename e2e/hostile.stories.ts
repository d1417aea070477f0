// What strangers send is shown as text: names, attributes, links, logs, cards, refusals and whatever else arrives from outside.
import { afterAll, expect, test } from 'vitest'
import { eventually } from '../server/testing/load.ts'
import { routeOf, type Written } from '../server/testing/mesh.ts'
import { serve } from '../server/testing/serve.ts'
import { postOtlp } from '../server/testing/spans.ts'
import { heddle, mesh, person, type Person } from './person.ts'

/** Who looks at a picture there tells its owner so. */
const fetched: string[] = []
const outside = await serve((request, response) => {
  fetched.push(request.url ?? '')
  response.writeHead(404).end()
})
afterAll(() => outside[Symbol.asyncDispose]())
const PICTURE = `![tides](${outside.url}/markdown.png) <img src="${outside.url}/tag.png"> <link rel="icon" href="${outside.url}/icon.png"> [more](${outside.url}/link)`

const SCRIPT = `"><img src=x onerror="globalThis.ran=1"><script>globalThis.ran=1</script>{{constructor.constructor('globalThis.ran=1')()}}`
const LINK = 'javascript:globalThis.ran=1//'
const SERVICE = `hostile ${SCRIPT}`
const AGENT: Written<'Agent'> = { apiVersion: 'heddle.dev/v1alpha1', kind: 'Agent', metadata: { namespace: 'default', name: 'hostile', annotations: { note: SCRIPT } }, spec: { description: `${SCRIPT} ${PICTURE}`, owner: SCRIPT, capabilities: [{ id: SCRIPT.slice(0, 60), name: SCRIPT, description: `${LINK} ${SCRIPT} ${PICTURE}`, examples: [SCRIPT, PICTURE] }] } }

test('names, attributes, messages, logs and cards of strangers are shown as text, and nothing of them runs or is fetched', async () => {
  await mesh.write(AGENT)
  const traceId = await sendHostile()
  await eventually('its spans are stored', 20_000, async () => (await mesh.get<{ items: unknown[] }>(`/traces?service=${encodeURIComponent(SERVICE)}`)).items.length > 0)
  await using someone = await person()
  const { page } = someone
  for (const [path, heading] of [
    ['/agents?q=hostile', 'Agents'], ['/agents/default/hostile', 'hostile'], ['/capabilities?q=hostile', 'Capabilities'], ['/capabilities?tab=strangers', 'Capabilities'],
    [`/traces?service=${encodeURIComponent(SERVICE)}`, 'Traces'], ['/sessions', 'Sessions'],
  ] as const) {
    await someone.open(path, heading)
    await page.getByText('onerror', { exact: false }).first().waitFor()
    await isHarmless(someone)
  }
  await page.goto(new URL(`/traces/${traceId}?span=${traceId.slice(16)}`, heddle.url).href)
  await page.getByRole('tab', { name: /^Attributes/ }).click()
  await page.getByText('url.full').first().waitFor()
  await page.getByText('markdown.png', { exact: false }).first().waitFor()
  await isHarmless(someone)
  await page.getByRole('tab', { name: /^Events/ }).click()
  await page.getByText('a line of a log', { exact: false }).first().waitFor()
  await isHarmless(someone)
  expect(fetched).toEqual([])
  await mesh.remove(AGENT)
})

test('what Envoy says of a script in a route is shown as text', async () => {
  const route = routeOf('hostile', 'translator', [{ matches: [{ path: { type: 'RegularExpression', value: '/a(?P<img src=x onerror=globalThis.ran=1>b)' } }], backendRefs: [{ kind: 'AgentVersion', name: 'translator-v1' }] }])
  const refused = await mesh.write(route)
  await eventually('the refusal is known', 10_000, async () => (await mesh.status(refused)).state === 'rejected')
  await using someone = await person()
  for (const [path, heading] of [[`/changes/${refused}`, `Revision ${refused}`], ['/proxies', 'Proxies']] as const) {
    await someone.open(path, heading)
    await someone.page.getByText(/invalid named capture group.*onerror/).first().waitFor()
    await isHarmless(someone)
  }
  await mesh.remove(route)
})

test('no file takes its name from outside', async () => {
  for (const format of ['csv', 'ndjson']) {
    const answer = await fetch(`${heddle.url}/api/v1/audit?format=${format}&actor=${encodeURIComponent(SCRIPT)}`, { headers: { authorization: `Bearer ${heddle.token}` } })
    expect([answer.status, answer.headers.get('content-disposition')]).toEqual([200, `attachment; filename="heddle-audit.${format}"`])
  }
})

async function isHarmless({ page }: Person): Promise<void> {
  expect(await page.evaluate(() => ({ ran: 'ran' in globalThis, links: [...document.querySelectorAll('a')].filter(({ href }) => href.startsWith('javascript:')).length, images: document.querySelectorAll('img[src="x"]').length })), page.url()).toEqual({ ran: false, links: 0, images: 0 })
}

/** A call of a service whose every word is a script, and a line of its log. */
async function sendHostile(): Promise<string> {
  const now = BigInt(Date.now()) * 1_000_000n
  const traceId = crypto.randomUUID().replaceAll('-', '')
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const attributes = [text(SCRIPT, SCRIPT), text('url.full', LINK), text('http.url', LINK), text('gen_ai.operation.name', 'chat'), text('gen_ai.request.model', SCRIPT), text('gen_ai.conversation.id', SCRIPT), text('server.address', SCRIPT), text('error.type', SCRIPT), text('picture', PICTURE)]
  const times = { startTimeUnixNano: String(now - 40_000_000n), endTimeUnixNano: String(now) }
  const resource = { attributes: [text('service.name', SERVICE), text('service.version', SCRIPT)] }
  const span = { traceId, spanId: traceId.slice(16), name: SCRIPT, kind: 3, ...times, attributes, events: [{ name: SCRIPT, timeUnixNano: String(now), attributes }], status: { code: 2, message: SCRIPT } }
  const line = { traceId, spanId: span.spanId, timeUnixNano: String(now), severityNumber: 9, severityText: SCRIPT, body: { stringValue: `a line of a log ${SCRIPT} ${PICTURE}` }, attributes }
  await send('traces', { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: SCRIPT }, spans: [span] }] }] })
  await send('logs', { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: SCRIPT }, logRecords: [line] }] }] })
  return traceId
}

async function send(signal: 'traces' | 'logs', body: object): Promise<void> {
  expect((await postOtlp(`http://127.0.0.1:${heddle.env.HEDDLE_OTLP_HTTP_PORT}/v1/${signal}`, JSON.stringify(body))).status).toBe(200)
}
