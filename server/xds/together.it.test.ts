import { expect, test } from 'vitest'
import { agent, policy, route } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { eventually } from '../testing/load.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'

test('edits committed at once each count the proxies that need them, and a bad one takes no good one with it', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const names = ['warp', 'weft', 'heald', 'reed']
  await mesh.commit([...names, 'bobbin'].map((name) => agent(name)))
  for (const name of names) await mesh.addProxy(name)
  for (let round = 0; round < 3; round++) {
    const guard = (name: string) => policy(name, { targetRefs: [{ name }], action: 'Deny', rules: [{ to: [{ paths: [`/round/${round}`] }] }] })
    const bad = route('bobbin', { parentRefs: [{ name: 'bobbin' }], rules: [{ matches: [{ path: { type: 'RegularExpression', value: `/${round}(?=b)` } }], backendRefs: [{ name: 'warp' }] }] })
    // The first is read at once; those that come meanwhile are compiled together.
    const [refused, ...good] = await Promise.all([mesh.commit([bad]), ...names.map((name) => mesh.commit([guard(name)]))])
    for (const revision of good) {
      await mesh.accepted(revision, 15_000)
      expect(await mesh.status(revision), `round ${round}`).toMatchObject({ state: 'accepted', of: 1, accepted: 1 })
    }
    const status = await eventually('the refusal', 10_000, async () => {
      const now = await mesh.status(refused ?? 0)
      return now.rejected.length === 4 ? now : Promise.reject(new Error(JSON.stringify(now)))
    })
    expect(status).toMatchObject({ state: 'rejected', of: 4 })
  }
  expect(mesh.control.errors).toEqual([])
}, 90_000)
