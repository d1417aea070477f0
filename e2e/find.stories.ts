// Finding: the expression that dims the rest, and the table twin of the picture.
import { test } from 'vitest'
import { nodeOf, person } from './person.ts'

test('a find expression dims what it does not match, and says how many it found', async () => {
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

test('the table twin has every edge with its figures', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/graph?view=table', 'Graph')
  const table = page.getByRole('table', { name: 'Calls between agents' })
  await table.getByRole('row', { name: /orchestrator.*translator/ }).first().waitFor()
  await table.getByRole('row', { name: /researcher.*search-tools/ }).first().waitFor()
  await someone.isAccessible()
})
