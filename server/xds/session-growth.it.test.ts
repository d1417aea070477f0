// Sessions by header while a canary grows: a thousand of them, through a real Envoy.
import { expect, test } from 'vitest'
import { agent, agentVersion, route } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { burst, fourSigma } from '../testing/load.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'

const SESSIONS = 1000
const STEPS = [[90, 10], [80, 20], [50, 50], [1, 4], [0, 1]] as const

test('of a thousand sessions none goes back to the stable version while the canary grows, and its share is what the weights say', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const weighted = (v1: number, v2: number) => route('shop', { parentRefs: [{ name: 'shop' }], rules: [{ sessionPersistence: { type: 'Header', sessionName: 'x-session' }, backendRefs: [{ kind: 'AgentVersion', name: 'shop-v1', weight: v1 }, { kind: 'AgentVersion', name: 'shop-v2', weight: v2 }] }] })
  await mesh.commit([agent('buyer'), agent('shop'), agentVersion('shop', 'v1'), agentVersion('shop', 'v2'), weighted(100, 0)])
  const buyer = await mesh.addProxy('buyer')
  for (const version of ['v1', 'v2']) await mesh.addProxy('shop', { version })
  let before = new Set<string>()
  for (const [v1, v2] of STEPS) {
    await mesh.accepted(await mesh.commit([weighted(v1, v2)]), 20_000)
    const answers = await burst(SESSIONS, 8, async (n) => ({ session: `session-${n}`, ...(await buyer.out.call('shop', { headers: { 'x-session': `session-${n}` } })) }))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const canary = new Set(answers.filter(({ body }) => body === 'v2').map(({ session }) => session))
    expect([v1, v2, [...before].filter((session) => !canary.has(session))]).toEqual([v1, v2, []])
    const share = v2 / (v1 + v2)
    expect(Math.abs(canary.size - SESSIONS * share)).toBeLessThanOrEqual(fourSigma(SESSIONS, share))
    before = canary
  }
}, 240_000)
