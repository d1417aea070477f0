// What agents can do: asked by name and by meaning, a task tried, a set judged, a decision read, a stranger blocked, a card's past.
import { request } from 'node:http'
import { expect, test } from 'vitest'
import type { Decision } from '../server/contracts/semantic.ts'
import { eventually } from '../server/testing/load.ts'
import { mesh, person } from './person.ts'

test.concurrent('who can do it is asked in words, and the agent shows its card and how well it is', async () => {
  await using someone = await person({ role: 'viewer' })
  const { page } = someone
  await someone.open('/capabilities', 'Capabilities')
  await page.getByRole('link', { name: 'translator', exact: true }).waitFor()
  await someone.isAccessible()
  await page.getByRole('searchbox', { name: 'Ask who can do it' }).fill('who can put this into German?')
  await page.getByRole('columnheader', { name: 'Likeness' }).waitFor()
  await page.getByRole('table', { name: 'Registry' }).getByRole('row').nth(1).getByRole('link', { name: 'translator' }).click()
  await page.getByRole('heading', { name: 'translator', level: 1 }).waitFor()
  await page.getByText('Card 1', { exact: true }).waitFor()
  await page.getByRole('table', { name: 'Probed instances' }).getByText('default/cards: fine').first().waitFor()
  await someone.isAccessible()
})

test.concurrent('a task is tried, and a labelled set is judged', async () => {
  await using someone = await person({ role: 'viewer' })
  const { page } = someone
  await someone.open('/capabilities?tab=playground&route=default/ask', 'Capabilities')
  await page.getByRole('textbox', { name: 'Task' }).fill('Translate into German: the harbour is quiet')
  await page.getByRole('button', { name: 'See where it goes' }).click()
  await page.getByRole('heading', { name: 'To default/translator', exact: true }).waitFor()
  await page.getByText('agentroute/default/ask/to/default/translator').waitFor()
  await someone.isAccessible()
  await page.getByRole('textbox', { name: 'Labelled set' }).fill('{"task": "Translate into French: the harbour is quiet", "agent": "translator"}\n{"task": "zxqv 12345", "agent": null}')
  await page.getByRole('button', { name: 'Judge it' }).click()
  await page.getByRole('table', { name: 'Thresholds' }).waitFor()
  await page.getByText('2 tasks').waitFor()
  await page.getByRole('textbox', { name: 'Compare with these semantic settings' }).fill('floor: 0.99')
  await page.getByRole('button', { name: 'Judge it' }).click()
  await page.getByText('0 tasks better, 1 worse').waitFor()
  await page.getByRole('heading', { name: 'As it is stored' }).waitFor()
  await page.getByRole('table', { name: 'Tasks that change their agent' }).waitFor()
  await page.getByRole('textbox', { name: 'Compare with these semantic settings' }).fill('floor: [')
  await page.getByRole('button', { name: 'Judge it' }).click()
  await page.getByText('the settings to compare with').waitFor()
  await page.getByRole('textbox', { name: 'Labelled set' }).fill('not a set')
  await page.getByRole('button', { name: 'Judge it' }).click()
  await page.getByText('line 1 is no labelled task').waitFor()
})

test('a call that was decided by content says why, is replayed and corrected', async () => {
  const [proxy] = (await mesh.get<{ items: { agent: string; outboundUrl: string }[] }>('/proxies')).items.filter(({ agent }) => agent === 'orchestrator')
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'Translate into German: the harbour is quiet' }] } } })
  const decision = await eventually('the decision is stored', 30_000, async () => {
    await new Promise<void>((resolve, reject) => request(proxy?.outboundUrl ?? '', { method: 'POST', headers: { host: 'ask.default.route.mesh', 'content-type': 'application/json', 'a2a-version': '1.0' } }, (response) => response.resume().on('end', resolve)).on('error', reject).end(body))
    return (await mesh.get<{ items: Decision[] }>('/semantic/decisions?route=ask')).items.find(({ chosen }) => chosen === 'default/translator')
  })
  await using someone = await person()
  const { page } = someone
  await someone.open(`/capabilities?tab=decisions`, 'Capabilities')
  await page.getByRole('link', { name: 'default/translator' }).first().waitFor()
  await someone.open(`/capabilities/decisions/${decision.id}`, 'Why did this task go there?')
  await page.getByRole('heading', { name: 'It went to default/translator' }).waitFor()
  await page.getByText('not kept; its hash is').waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Replay against today' }).click()
  await page.getByRole('heading', { name: 'To default/translator', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Keep that' }).click()
  await page.getByText('said: default/translator').waitFor()
  expect((await mesh.get<Decision>(`/semantic/decisions/${decision.id}`)).corrected).toBe('default/translator')
})

test('a stranger is blocked and let in again', async () => {
  await mesh.request('PUT', '/peers', { name: 'stranger', decision: 'block' })
  await using someone = await person({ role: 'operator' })
  const { page } = someone
  await someone.open('/capabilities?tab=strangers', 'Capabilities')
  const row = page.getByRole('row').filter({ hasText: 'stranger' })
  await row.getByText('blocked by').waitFor()
  await someone.isAccessible()
  await row.getByRole('button', { name: 'Let in again' }).click()
  await row.waitFor({ state: 'detached' })
})

test('a route by content is edited as YAML, over a review', async () => {
  await using someone = await person({ role: 'operator' })
  const { page } = someone
  await someone.open('/capabilities?tab=routes', 'Capabilities')
  await page.getByRole('link', { name: 'ask', exact: true }).click()
  await page.getByRole('heading', { name: 'ask', level: 1 }).waitFor()
  const text = page.getByRole('textbox', { name: 'ask as YAML' })
  await text.getByText('enforce', { exact: true }).dblclick()
  await page.keyboard.type('shadow')
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Review the change' }).click()
  await page.getByRole('button', { name: 'Apply to the mesh' }).click()
  await page.getByText(/Accepted by \d+ of \d+/i).first().waitFor()
  const stored = await mesh.get<{ spec: { semantic: { mode: string } } }>('/namespaces/default/agentroutes/ask')
  expect(stored.spec.semantic.mode).toBe('shadow')
})
