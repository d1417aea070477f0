import { expect, test } from 'vitest'
import { agent, route } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { freePort } from '../testing/free-port.ts'
import { eventually, openLoop } from '../testing/load.ts'
import { startLoneControl } from '../testing/lone-process.ts'
import { startAgent, startNativeMesh } from '../testing/native-mesh.ts'

const ROUNDS = 6
/** The proxies' longest wait before they look for control again (native-mesh.ts), and two seconds. */
const BACK_MS = 300 + 2000

test('control that is killed between clusters and the routes to them costs no call, and its successor ends the push', { timeout: 180_000 }, async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await using things = new AsyncDisposableStack()
  const port = await freePort()
  const target = async (round: number) => agent(`target-${round}`, { instances: [{ address: '127.0.0.1', port: things.use(await startAgent(`round-${round}`)).port }] })
  const tower = (round: number) => route('tower', { parentRefs: [{ name: 'tower' }], rules: [{ backendRefs: [{ name: `target-${round}` }] }] })
  await mesh.commit([agent('pilot'), agent('tower'), await target(0), tower(0)])
  let control = await startLoneControl(db.url, { port, deadly: 'default/target-1/v1' })
  things.defer(() => control[Symbol.asyncDispose]())
  const pilots = [await mesh.addProxy('pilot', { controls: [port] }), await mesh.addProxy('pilot', { controls: [port], variant: 'sotw' })]
  for (const pilot of pilots) expect((await pilot.out.call('tower.default.mesh')).body).toBe('round-0')
  const loads = pilots.map((pilot) => openLoop(50, () => pilot.out.call('tower.default.mesh')))
  const tookMs: number[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    await mesh.commit([await target(round), tower(round)])
    await control.ended
    for (const pilot of pilots) expect((await pilot.out.call('tower.default.mesh')).body).toBe(`round-${round - 1}`) // the push had not come to its routes
    control = await startLoneControl(db.url, { port, deadly: `default/target-${round + 1}/v1` })
    const began = performance.now()
    await eventually(`the end of push ${round}`, 20_000, async () => {
      const answers = await Promise.all(pilots.map((pilot) => pilot.out.call('tower.default.mesh')))
      return answers.every((answer) => answer.body === `round-${round}`)
    })
    tookMs.push(performance.now() - began)
  }
  const results = (await Promise.all(loads.map((load) => load.stop()))).flat()
  expect(results.length).toBeGreaterThan(200)
  expect(results.filter((result) => result.status !== 200).map((result) => `${result.status} ${result.body} ${result.error}`)).toEqual([])
  expect(tookMs.toSorted((a, b) => a - b)[ROUNDS / 2]!, String(tookMs)).toBeLessThan(BACK_MS)
})
