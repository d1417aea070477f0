// What strangers send is shown as text: names, attributes, links, cards and whatever else arrives from outside.
import { expect, test } from 'vitest'
import { eventually } from '../server/testing/load.ts'
import type { Written } from '../server/testing/mesh.ts'
import { heddle, mesh, person } from './person.ts'

const SCRIPT = `"><img src=x onerror="globalThis.ran=1"><script>globalThis.ran=1</script>{{constructor.constructor('globalThis.ran=1')()}}`
const LINK = 'javascript:globalThis.ran=1//'
const SERVICE = `hostile ${SCRIPT}`
const AGENT: Written<'Agent'> = { apiVersion: 'heddle.dev/v1alpha1', kind: 'Agent', metadata: { namespace: 'default', name: 'hostile', annotations: { note: SCRIPT } }, spec: { description: SCRIPT, owner: SCRIPT, capabilities: [{ id: SCRIPT.slice(0, 60), name: SCRIPT, description: `${LINK} ${SCRIPT}`, examples: [SCRIPT] }] } }

test('names, attributes, messages and cards of strangers are shown as text, and nothing of them runs', async () => {
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
    expect(await page.evaluate(() => ({ ran: 'ran' in globalThis, links: [...document.querySelectorAll('a')].filter(({ href }) => href.startsWith('javascript:')).length, images: document.querySelectorAll('img[src="x"]').length })), path).toEqual({ ran: false, links: 0, images: 0 })
  }
  await page.goto(new URL(`/traces/${traceId}?span=${traceId.slice(16)}`, heddle.url).href)
  await page.getByRole('tab', { name: /^Attributes/ }).click()
  await page.getByText('url.full').first().waitFor()
  expect(await page.evaluate(() => ({ ran: 'ran' in globalThis, links: [...document.querySelectorAll('a')].filter(({ href }) => href.startsWith('javascript:')).length }))).toEqual({ ran: false, links: 0 })
  await mesh.remove(AGENT)
})

/** A call of a service whose every word is a script. */
async function sendHostile(): Promise<string> {
  const now = BigInt(Date.now()) * 1_000_000n
  const traceId = crypto.randomUUID().replaceAll('-', '')
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const attributes = [text(SCRIPT, SCRIPT), text('url.full', LINK), text('http.url', LINK), text('gen_ai.operation.name', 'chat'), text('gen_ai.request.model', SCRIPT), text('gen_ai.conversation.id', SCRIPT), text('server.address', SCRIPT), text('error.type', SCRIPT)]
  const times = { startTimeUnixNano: String(now - 40_000_000n), endTimeUnixNano: String(now) }
  const span = { traceId, spanId: traceId.slice(16), name: SCRIPT, kind: 3, ...times, attributes, events: [{ name: SCRIPT, timeUnixNano: String(now), attributes }], status: { code: 2, message: SCRIPT } }
  const body = { resourceSpans: [{ resource: { attributes: [text('service.name', SERVICE), text('service.version', SCRIPT)] }, scopeSpans: [{ scope: { name: SCRIPT }, spans: [span] }] }] }
  const answer = await fetch(`http://127.0.0.1:${heddle.env.HEDDLE_OTLP_HTTP_PORT}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
  return traceId
}
