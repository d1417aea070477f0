// The pictures of the README, taken from the living product: `HEDDLE_PICTURES=1` writes them to docs/images.
import { expect, test } from 'vitest'
import type { TraceSummary } from '../server/contracts/telemetry.ts'
import { mesh, person } from './person.ts'

const PICTURES = [
  { name: 'overview', path: '/', heading: 'Overview' },
  { name: 'graph', path: '/graph', heading: 'Graph' },
  { name: 'route', path: '/routes/default/translator', heading: 'translator' },
  { name: 'security', path: '/security', heading: 'Security' },
]

test.runIf(process.env.HEDDLE_PICTURES === '1')('pictures of the main pages, in both themes', async () => {
  const { items } = await mesh.get<{ items: TraceSummary[] }>('/traces?service=orchestrator&limit=1')
  expect(items).not.toEqual([])
  for (const theme of ['light', 'dark'] as const) {
    await using someone = await person({ theme })
    for (const { name, path, heading } of [...PICTURES, { name: 'trace', path: `/traces/${items[0]?.traceId}`, heading: /./ }]) {
      await someone.open(path, heading)
      await someone.page.getByRole('status', { name: /Loading/ }).waitFor({ state: 'detached' })
      await someone.page.screenshot({ path: `docs/images/${name}-${theme}.png` })
    }
  }
})
