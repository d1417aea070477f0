// What is expected of an agent, over a form; and what is seen and done when it is not achieved.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Prices } from '../server/contracts/sessions.ts'
import type { Written } from '../server/testing/mesh.ts'
import { mesh, person } from './person.ts'

const NAME = 'sample-llm-answers'

test('an objective is written over a form; the alert of an agent that fails too often is seen, waits on the overview, and is silenced', async () => {
  await mesh.request('PUT', '/sample', { rate: 4, failureShare: 0.3 })
  await using someone = await person()
  const { page } = someone
  await someone.open('/objectives/new?agent=sample-llm', 'New objective')
  expect(await page.getByRole('textbox', { name: 'Name of the objective' }).inputValue()).toBe(NAME)
  await page.getByRole('textbox', { name: 'Percentage of calls' }).fill('99.9')
  await page.keyboard.press('Tab')
  await page.getByText('That allows one bad call in 1000.').waitFor()
  await someone.isAccessible()
  await applyReviewed(page)

  await someone.open('/objectives', 'Objectives')
  const row = page.getByRole('table', { name: 'Objectives' }).getByRole('row', { name: NAME })
  await row.getByText('burning').waitFor({ timeout: 60_000 })
  await row.getByRole('meter', { name: `Budget left of ${NAME}` }).waitFor()
  await page.getByRole('table', { name: 'Alerts' }).getByText('2 % of the budget in an hour').waitFor()
  await someone.isAccessible()
  await someone.open('/', 'Overview')
  await page.getByRole('link', { name: `See it: ${NAME} spends its budget fast` }).click()
  await page.getByRole('heading', { name: NAME, level: 1 }).waitFor()
  await page.getByText('Burn over an hour').waitFor()
  await page.getByRole('button', { name: `Silence for an hour: ${NAME}` }).click()
  await page.getByText(/^silenced by/).waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'End the silence' }).click()
  await page.getByText('runs', { exact: true }).waitFor()

  await mesh.remove(await mesh.get<Written<'Objective'>>(`/namespaces/default/objectives/${NAME}`))
  await mesh.request('PUT', '/sample', { rate: 2, failureShare: 0.05 })
})

test('a receiver is tried before it is kept, and what it answers is said', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/settings?part=alerts', 'Settings')
  await page.getByRole('button', { name: 'Add a receiver' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('desk')
  await page.getByRole('textbox', { name: 'Where' }).fill('http://127.0.0.1:9/hook')
  await page.getByRole('button', { name: 'Try desk' }).click()
  await page.getByText(/It was not taken: 127\.0\.0\.1 is not an address of the public internet/).waitFor()
  await page.getByRole('textbox', { name: 'Where' }).fill('https://hooks.example.com/desk')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  await someone.isAccessible()
  await page.reload()
  expect(await page.getByRole('textbox', { name: 'Where' }).inputValue()).toBe('https://hooks.example.com/desk')
  await page.getByRole('button', { name: 'Remove desk' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
})

test('how tasks end and what models cost are objectives too, over the same form', async () => {
  const prices = await mesh.get<Prices>('/prices')
  await mesh.request('PUT', '/prices', { currency: 'EUR', models: { '*': { input: 1, output: 1 } } })
  await using someone = await person()
  const { page } = someone
  for (const [name, choice, label, value, says] of [
    ['writer-tasks', 'Tasks are completed', 'Percentage of tasks', '90', 'That allows one bad task in 10.'],
    ['writer-bill', 'It costs at most', 'At most', '1000', /models cost at most 1000 a call/],
  ] as const) {
    await someone.open('/objectives/new?agent=writer', 'New objective')
    await page.getByRole('textbox', { name: 'Name of the objective' }).fill(name)
    await page.getByRole('radio', { name: choice }).click()
    await page.getByRole('textbox', { name: label }).fill(value)
    await page.keyboard.press('Tab')
    await page.getByText(says).first().waitFor()
    await someone.isAccessible()
    await applyReviewed(page)
  }
  await someone.open('/objectives', 'Objectives')
  const table = page.getByRole('table', { name: 'Objectives' })
  for (const name of ['writer-tasks', 'writer-bill']) await table.getByRole('row', { name }).getByText(/^(met|burning|spent)$/).waitFor({ timeout: 60_000 })
  await someone.isAccessible()
  await table.getByRole('link', { name: 'writer-bill' }).click()
  await page.getByText('Spent', { exact: true }).waitFor()
  await page.getByText('€', { exact: false }).first().waitFor()
  await someone.isAccessible()
  for (const name of ['writer-tasks', 'writer-bill']) await mesh.remove(await mesh.get<Written<'Objective'>>(`/namespaces/default/objectives/${name}`))
  await mesh.request('PUT', '/prices', prices)
})

/** An objective is nothing that a proxy needs. */
async function applyReviewed(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Review the change' }).click()
  await page.getByText('No connected proxy needs this.').waitFor()
  await page.keyboard.press('Control+Enter')
  await page.getByText('No connected proxy needs this change; one that joins later').waitFor()
}
