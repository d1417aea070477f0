// Who somebody is, is what their certificate says: an address that the mesh knows is no identity.
import { expect, test } from 'vitest'
import { agent, agentVersion } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'

test.each(['delta', 'sotw'] as const)('%s: who answers at an agent’s address with another’s certificate is told nothing', async (variant) => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('clerk'), agent('vault'), agent('thief'), agentVersion('vault', 'v1')])
  const clerk = await mesh.addProxy('clerk', { variant })
  const impostor = await mesh.addProxy('vault', { variant, certificateOf: 'thief' })
  for (const path of ['/', '/again']) expect(await clerk.out.call('vault', { path, method: 'POST', body: 'secret' })).toMatchObject({ status: 503 })
  expect(impostor.agent.received).toEqual([])
  expect(await clerk.stat('cluster.default/vault/v1.ssl.fail_verify_san')).toBeGreaterThan(0)
  expect(await clerk.stat('cluster.default/vault/v1.upstream_cx_connect_fail')).toBeGreaterThan(0)
})
