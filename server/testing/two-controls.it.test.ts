// Two control processes on one PostgreSQL, and sidecars as they are: who goes to whom.
import { expect, test } from 'vitest'
import { openControlLink } from '../sidecar/control-link.ts'
import { enrolAt, startEnrolment, tokenFor } from './control.ts'
import { testDatabase } from './database.ts'
import { TEST_MESH } from './sidecar-mesh.ts'

test('streams go to either control by chance, so that proxies spread over both', async () => {
  await using one = await startEnrolment()
  await using two = await startEnrolment({ db: one.db })
  const { identity } = await enrolAt(one, await tokenFor(one.db))
  const link = openControlLink({ bundlePem: identity.bundlePem, trustDomain: TEST_MESH.trustDomain, certificate: identity }, () => [one.address, two.address])
  const met = new Map<string, number>()
  for (let stream = 0; stream < 40; stream++) {
    const client = await link.connect(5000)
    const address = client?.getChannel().getTarget().replace(/^dns:/, '') ?? 'nobody'
    met.set(address, (met.get(address) ?? 0) + 1)
    client?.close()
  }
  link.close()
  expect([...met.keys()].sort()).toEqual([one.address, two.address].sort())
  expect(Math.min(...met.values())).toBeGreaterThanOrEqual(7) // 20 each, less four sigma
})
