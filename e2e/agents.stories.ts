// Connecting: an agent that sends traces and nothing else is on its page within seconds, with the command that brings it further.
import { test } from 'vitest'
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
