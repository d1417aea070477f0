// The picture of the README, taken from the living product: `HEDDLE_PICTURES=1` writes it to docs/images.
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { person } from './person.ts'

const SETTLE_MS = 8000

test.runIf(process.env.HEDDLE_PICTURES === '1')('the graph, with an agent chosen', async () => {
  await using someone = await person({ theme: 'dark' })
  await someone.open('/graph?select=agent/default/translator&range=5m', 'Graph')
  await someone.page.getByRole('complementary').getByRole('table', { name: 'Versions' }).waitFor()
  await sleep(SETTLE_MS) // a picture, not a check: charts are drawn and the first live update has come
  await someone.page.screenshot({ path: 'docs/images/graph.png' })
})
