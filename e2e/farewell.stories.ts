// The last stories: the sample fleet does what its knobs say, then goes with one click, and the console says what to do next.
import { expect, test } from 'vitest'
import { eventually } from '../server/testing/load.ts'
import type { Graph } from '../server/contracts/telemetry.ts'
import { heddleCli, mesh, person } from './person.ts'

test('the sample fleet’s knobs turn: what is set is how often tasks come, and how many of the model’s answers fail', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/', 'Overview')
  await page.getByRole('textbox', { name: 'Tasks a second' }).fill('5')
  await page.getByRole('textbox', { name: 'Model failures' }).fill('60')
  await page.keyboard.press('Tab')
  await page.getByRole('button', { name: 'Set', exact: true }).click()
  await page.getByText('5 tasks a second, 60 % of the model’s answers fail').first().waitFor()
  const model = async () => (await mesh.get<Graph>('/graph?window=10s')).edges.filter(({ target }) => target.endsWith('/sample-llm'))
  await eventually('most calls of the model fail', 60_000, async () => {
    const edges = await model()
    const sum = (what: 'requests' | 'errors') => edges.reduce((total, edge) => total + edge[what], 0)
    return sum('requests') > 10 && sum('errors') / sum('requests') > 0.4
  })
})

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
