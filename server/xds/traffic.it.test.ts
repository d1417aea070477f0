import { expect, test } from 'vitest'
import { agent, agentVersion, route, split } from '../compile/fixtures.ts'
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

test('calls follow the weights: 50/50 and 99/1 within the bound, 0 exactly none', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('reader'), agent('press'), agentVersion('press', 'v1'), agentVersion('press', 'v2')])
  const reader = await mesh.addProxy('reader')
  await mesh.addProxy('press', { version: 'v1' })
  await mesh.addProxy('press', { version: 'v2' })
  for (const weights of [{ v1: 50, v2: 50 }, { v1: 99, v2: 1 }, { v1: 0, v2: 100 }]) {
    await mesh.accepted(await mesh.commit([split('press', weights)]))
    const results = await burst(2000, 16, () => reader.out.call('press.default.mesh'))
    const counts = tally(results.map((result) => (result.status === 200 ? result.body : `failed ${result.status} ${result.error}`)))
    const share = weights.v1 / 100
    expect(Math.abs((counts.get('v1') ?? 0) - 2000 * share), JSON.stringify([...counts])).toBeLessThanOrEqual(fourSigma(2000, share))
    expect((counts.get('v1') ?? 0) + (counts.get('v2') ?? 0)).toBe(2000)
  }
})

test('twenty edits under 100 calls a second: none fails, and after acceptance none goes to weight 0', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('rider'), agent('stable'), agentVersion('stable', 'v1'), agentVersion('stable', 'v2')])
  const rider = await mesh.addProxy('rider')
  await mesh.addProxy('stable', { version: 'v1' })
  await mesh.addProxy('stable', { version: 'v2' })
  await mesh.accepted(await mesh.commit([split('stable', { v1: 1, v2: 1 })]))
  const periods: { from: number; to: number; barred: string }[] = []
  const load = openLoop(100, () => rider.out.call('stable.default.mesh'))
  for (let edit = 0; edit < 20; edit++) {
    const barred = edit % 2 === 0 ? 'v1' : 'v2'
    const revision = await mesh.commit([split('stable', barred === 'v1' ? { v1: 0, v2: 100 } : { v1: 100, v2: 0 })])
    await mesh.accepted(revision)
    const from = Date.now() + 1 // a call's start is known to the millisecond
    await new Promise((resolve) => setTimeout(resolve, 150))
    periods.push({ from, to: Date.now() - 1, barred })
  }
  const results = await load.stop()
  expect(results.length).toBeGreaterThan(200)
  expect(results.filter((result) => result.status !== 200).map((result) => `${result.status} ${result.error}`)).toEqual([])
  const wrong = results.filter((result) => periods.some(({ from, to, barred }) => result.startedAt >= from && result.startedAt <= to && result.body === barred))
  expect(wrong).toEqual([])
  expect(await rider.stat('listener_manager.listener_modified')).toBe(0)
})

test('an agent that is added and repointed to while calls run loses none, and clusters go only after their routes', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('pilot'), agent('old'), route('tower', { parentRefs: [{ name: 'tower' }], rules: [{ backendRefs: [{ name: 'old' }] }] }), agent('tower')])
  const pilot = await mesh.addProxy('pilot')
  await mesh.addProxy('old')
  const load = openLoop(100, () => pilot.out.call('tower.default.mesh'))
  await mesh.accepted(await mesh.commit([agent('next')]))
  await mesh.addProxy('next')
  await mesh.accepted(await mesh.commit([route('tower', { parentRefs: [{ name: 'tower' }], rules: [{ backendRefs: [{ name: 'next' }] }] })]))
  await mesh.accepted(await mesh.commit([], [{ kind: 'Agent', namespace: 'default', name: 'old' }]))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const results = await load.stop()
  expect(results.filter((result) => result.status !== 200).map((result) => `${result.status} ${result.body} ${result.error}`)).toEqual([])
  expect((await pilot.out.call('old.default.mesh')).status).toBe(404)
})

test('names of the mesh without an instance answer 503, unknown ones 404, and a call without a Host comes back with a sentence', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('asker'), agent('absent'), agent('emptied'), agentVersion('emptied', 'v1')])
  const asker = await mesh.addProxy('asker')
  expect((await asker.out.call('absent.default.mesh')).status).toBe(503)
  expect((await asker.out.call('emptied.default.mesh')).status).toBe(503)
  expect((await asker.out.call('nobody.default.mesh')).status).toBe(404)
  const lost = await asker.out.call(`127.0.0.1:${asker.outboundPort}`)
  expect([lost.status, lost.body]).toEqual([404, 'this is the sidecar: set Host to NAME.NAMESPACE.mesh, or use it as an HTTP proxy\n'])
})
