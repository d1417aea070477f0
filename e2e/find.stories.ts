// Finding: the expression that dims the rest, and the table twin of the picture.
import { expect, test } from 'vitest'
import { nodeOf, person } from './person.ts'

test.concurrent('a find expression dims what it does not match, and says how many it found', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/graph', 'Graph')
  await nodeOf(someone, 'writer').waitFor()
  const find = page.getByRole('textbox', { name: /Find/ })
  await find.fill('name = writer')
  await page.getByRole('status').filter({ hasText: /1/ }).first().waitFor()
  await page.waitForURL(/find=/)
  await find.fill('nonsense >')
  await page.locator('[aria-invalid="true"]').waitFor()
  await someone.isAccessible()
})

test.concurrent('the table twin has every edge with its figures', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/graph?view=table', 'Graph')
  const table = page.getByRole('table', { name: 'Calls between agents' })
  await table.getByRole('row', { name: /orchestrator.*translator/ }).first().waitFor()
  await table.getByRole('row', { name: /researcher.*search-tools/ }).first().waitFor()
  await someone.isAccessible()
})

test.concurrent('traces are sought by a line that completes itself; the form says the same, and what cannot be read is said', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/traces', 'Traces')
  const line = page.getByRole('combobox', { name: 'Query' })
  await line.pressSequentially('ser')
  await page.getByRole('option', { name: /service/ }).waitFor()
  await someone.isAccessible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await line.pressSequentially('= transl')
  await page.getByRole('option', { name: /translator/ }).click()
  await line.pressSequentially('and duration > 1ms')
  await page.getByText('Traces with a span of translator that took at least 1 ms').waitFor()
  await page.waitForURL(/service=translator&.*min=1ms/)
  await page.getByRole('table', { name: 'Traces' }).getByRole('link').first().waitFor()
  await line.fill('attr.service.na')
  await page.getByRole('option', { name: /attr\.service\.name\s/ }).click()
  await line.pressSequentially('= translator')
  await page.getByText('Traces with a span with service.name “translator”').waitFor()
  await page.waitForURL(/attr=service\.name/)
  await page.getByRole('table', { name: 'Traces' }).getByRole('link').first().waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Without service.name=translator' }).click()
  await line.fill('service = translator')
  await line.fill('colour = red')
  await page.getByText(/“colour” is not one of/).waitFor()
  await page.keyboard.press('Tab')
  expect(await page.getByRole('combobox', { name: 'Service' }).inputValue()).toBe('translator')
})
