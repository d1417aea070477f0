// Who somebody is, is what their certificate says: an address that the mesh knows is no identity.
import { expect, test } from 'vitest'
import { agent, agentVersion } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import { testDatabase } from '../testing/database.ts'
import { callShowing, foreignIdentity } from '../testing/handshakes.ts'
import { eventually } from '../testing/load.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'
import { HAND, HAND_SPIFFE, meshWithHand, openStream } from '../testing/raw-stream.ts'

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

test('who comes to control with another’s certificate gets no stream, and the audit names both, once for many tries', async () => {
  await using setup = await meshWithHand()
  const thief = 'spiffe://mesh.test/ns/default/agent/other'
  for (let round = 0; round < 5; round++) {
    using stream = openStream(setup.port, 'delta', thief)
    stream.send({ node: HAND, typeUrl: TYPE.cluster })
    expect((await stream.ended).details).toBe(`the proxy ${HAND.id} is not ${thief}`)
    expect(stream.received).toEqual([])
  }
  const lines = await eventually('the line', 5000, async () => {
    const { rows } = await setup.mesh.db.pool.query(`select mesh, actor, target, result, detail from audit where action = 'proxy.connect'`)
    return rows.length > 0 ? rows : null
  })
  expect(lines).toMatchObject([{ mesh: 'local', actor: thief, target: HAND.id, result: 'denied', detail: { claimed: HAND_SPIFFE, shown: thief } }])
})

test('an authority of another trust domain vouches for nobody here, whichever names it writes, and ours for no name of theirs', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('clerk'), agent('vault')])
  const vault = await mesh.addProxy('vault')
  const [clerk, stranger] = ['spiffe://mesh.test/ns/default/agent/clerk', 'spiffe://else.test/ns/default/agent/clerk']
  const to = { port: vault.inboundPort, spiffeId: 'spiffe://mesh.test/ns/default/agent/vault', host: 'vault' }
  const { roots } = await mesh.issue(clerk)
  const ours = async (spiffeId: string) => {
    const { chain, key } = await mesh.issue(spiffeId)
    return { chainPem: chain, keyPem: key, bundlePem: roots }
  }
  expect(await callShowing(await ours(clerk), to)).toEqual({ status: 200, error: null })
  const refused = [await ours(stranger), await foreignIdentity('else.test', stranger, roots), await foreignIdentity('else.test', clerk, roots), await foreignIdentity('mesh.test', clerk, roots)]
  for (const shown of refused) expect(await callShowing(shown, to)).toMatchObject({ status: 0, error: expect.any(String) })
  expect(vault.agent.received).toHaveLength(1)
  expect((await vault.stat('listener.127.0.0.1_' + vault.inboundPort + '.ssl.fail_verify_san')) + (await vault.stat('listener.127.0.0.1_' + vault.inboundPort + '.ssl.fail_verify_error'))).toBe(refused.length)
})
