// Connecting: an agent that sends traces and nothing else is on its page within seconds, with the command that brings it further.
import { expect, test } from 'vitest'
import { eventually } from '../server/testing/load.ts'
import { freshSpan } from '../server/testing/spans.ts'
import { sendSpans } from './otlp.ts'
import { heddle, mesh, person } from './person.ts'

const NOTE_TAKER = { apiVersion: 'heddle.dev/v1alpha1', kind: 'Agent', metadata: { namespace: 'default', name: 'note-taker' }, spec: {} } as const

test.concurrent('an agent that sends traces alone is listed with its level, and its page says the next step with the exact command', async () => {
  await mesh.write(NOTE_TAKER)
  await sendSpans('note-taker', [freshSpan({ name: 'take notes', kind: 2 })])
  await eventually('its span is stored', 20_000, async () => (await mesh.get<{ items: unknown[] }>('/traces?service=note-taker')).items.length > 0)
  await using someone = await person()
  const { page } = someone
  await someone.open('/agents?q=note-taker', 'Agents')
  const row = page.getByRole('table', { name: 'Agents' }).getByRole('row', { name: /note-taker/ })
  await row.getByText('Traces only').waitFor()
  await row.getByRole('link', { name: 'note-taker' }).click()
  await page.getByRole('heading', { name: 'note-taker', level: 1 }).waitFor()
  await page.getByText(/npx heddle sidecar --agent note-taker .*--port \d+/).waitFor()
  await someone.isAccessible()
  await mesh.remove(NOTE_TAKER)
})

test.concurrent('each agent of the mesh shows how far it has come', async () => {
  await using someone = await person()
  await someone.open('/agents/default/translator', 'translator')
  const level = someone.page.getByRole('listitem').filter({ hasText: 'mTLS, strict' })
  await level.and(someone.page.locator('[aria-current="step"]')).waitFor()
})

test.concurrent('the way in is told with addresses that work, for traces and for a sidecar', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/agents/connect', /Connect/)
  await page.getByText(new RegExp(`OTEL_EXPORTER_OTLP_ENDPOINT=\\S*:${heddle.env.HEDDLE_OTLP_HTTP_PORT}`)).first().waitFor()
  await someone.isAccessible()
  await someone.open('/agents/connect?way=sidecar', /Connect/)
  await page.getByLabel('Name of the agent').fill('note-taker')
  await page.getByRole('button', { name: 'Make a join token' }).click()
  await page.getByText(/npx heddle sidecar --control \S+ --token \S+ --agent note-taker/).waitFor()
  await someone.isAccessible()
})

test.concurrent('an agent and an edge have a dashboard: against the time before, by version, a stretch chosen by hand is in the address, and why calls failed', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/agents/default/translator?range=5m', 'translator')
  const requests = page.getByRole('slider', { name: /^Requests/ })
  await requests.waitFor()
  await page.getByText(/on average, .* in the time before/).waitFor()
  await someone.isAccessible()
  await requests.focus()
  for (let step = 0; step < 4; step++) await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('Enter')
  await page.waitForURL(/from=.*to=/)
  await page.getByRole('button', { name: 'Back to now' }).click()
  await page.waitForURL((url) => !url.searchParams.has('from'))
  await requests.waitFor()
  const box = (await requests.boundingBox())!
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.8, box.y + 40, { steps: 4 })
  await page.mouse.up()
  await page.waitForURL(/from=.*to=/)
  const { searchParams } = new URL(page.url())
  expect(Date.parse(searchParams.get('to')!) - Date.parse(searchParams.get('from')!)).toBeLessThan(240_000)

  await someone.open('/edges?source=agent/default/writer&target=agent/default/sample-llm&range=1h', 'writer → sample-llm')
  await page.getByRole('table', { name: 'Tokens and cost by model' }).getByRole('row', { name: /sample-text-1/ }).waitFor()
  await page.getByText(/None failed|Of all/).first().waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: /Compare with/ }).click()
  await page.getByRole('option', { name: 'Compare with nothing' }).click()
  await page.waitForURL(/compare=none/)
  await page.getByText(/on average$/).waitFor()
})

test.concurrent('a dashboard without calls says so, on a narrow screen too, and an edge without ends is nothing', async () => {
  await using someone = await person({ size: { width: 390, height: 844 }, theme: 'dark', expects: /404/ })
  await someone.open('/edges?source=agent/default/writer&target=agent/default/nobody', 'writer → nobody')
  await someone.page.getByText(/No calls in the last/).waitFor()
  await someone.isAccessible(['color-contrast'])
  expect(await someone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0)
  await someone.open('/edges?source=agent/default/writer', 'There is nothing at this address')
})
