import { expect, test } from 'vitest'
import { agent, agentVersion, split } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { burst, fourSigma, openLoop, tally } from '../testing/load.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'

test('a fresh proxy is ready within 3 s and reaches every agent over mTLS', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const revision = await mesh.commit([agent('baker'), agent('miller'), agent('farmer')])
  const proxies = [await mesh.addProxy('baker'), await mesh.addProxy('miller'), await mesh.addProxy('farmer')]
  const [baker, miller] = proxies
  for (const host of ['miller.default.mesh', 'miller.default', 'miller', 'miller.default.mesh:80', 'farmer']) {
    expect((await baker!.out.call(host)).status, `${host}\n${baker!.log()}`).toBe(200)
  }
  expect(miller!.agent.received[0]?.headers['x-forwarded-client-cert']).toContain('URI=spiffe://mesh.test/ns/default/agent/baker')
  expect((await mesh.status(revision)).state).toBe('accepted')
  expect(mesh.control.errors).toEqual([])
})
