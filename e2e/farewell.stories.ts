// The last story: the sample fleet goes with one click, and the console says what to do next.
import { expect, test } from 'vitest'
import { eventually } from '../server/testing/load.ts'
import { heddleCli, mesh, person } from './person.ts'

test('one click removes the sample fleet: its objects, its processes, and nothing is left that fails', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/', 'Overview')
  await page.getByRole('button', { name: 'Remove the sample fleet' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove the sample fleet' }).click()
  await eventually('its objects are gone', 40_000, async () => (await mesh.get<{ items: unknown[] }>('/agents')).items.length === 0)
  await eventually('its processes are gone', 40_000, async () => {
    const { stdout } = await heddleCli('status', '-o', 'json')
    return !/"role": ?"(agent|sidecar|envoy)"/.test(stdout)
  })
  await someone.open('/', 'Overview')
  await someone.isAccessible()
  expect(await page.getByText(/Connect an agent/).count()).toBeGreaterThan(0)
})
