// A certificate is revoked while its agent calls, on connections that it has and on new ones.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { revokeCertificate } from '../identity/revoke.ts'
import { HeldIdentity } from '../sidecar/directory.ts'
import { testDatabase } from './database.ts'
import { eventually, openLoop } from './load.ts'
import { startSidecarMesh, TEST_MESH } from './sidecar-mesh.ts'

/** Twice what is promised: other tests run beside. */
const LAST_ACCEPTED_MS = 2 * 2000

test('a revoked agent is refused on its open connection and on every new one, and control ends its stream', async () => {
  await using mesh = await startSidecarMesh(await testDatabase())
  const vault = await mesh.join('vault')
  const [guest, clerk] = [await mesh.join('guest'), await mesh.join('clerk')]
  const open = () => guest.out.call('vault.default.mesh')
  await eventually('a call', 20_000, async () => (await open()).status === 200)
  expect(await mesh.handshake(guest, vault)).toMatchObject({ status: 200 })

  const { serial } = HeldIdentity.parse(JSON.parse(readFileSync(join(guest.dir, 'identity.json'), 'utf8')))
  const load = openLoop(20, open)
  await revokeCertificate(mesh.db, { mesh: TEST_MESH.name, serial, reason: 'stolen', by: 'test' })
  const revokedAt = Date.now()
  await eventually('a refusal', 20_000, () => load.results.at(-1)?.status === 403)
  const results = await load.stop()
  const accepted = results.filter((result) => result.status === 200).map((result) => result.startedAt)
  expect(Math.max(...accepted) - revokedAt).toBeLessThan(LAST_ACCEPTED_MS)
  expect(new Set(results.map((result) => result.status))).toEqual(new Set([200, 403])) // refused, and by nothing else

  expect(await mesh.handshake(guest, vault)).toMatchObject({ status: 403 })
  expect((await clerk.out.call('vault.default.mesh')).status).toBe(200)
  expect(await mesh.handshake(clerk, vault)).toMatchObject({ status: 200 })
  await eventually('the end of its stream', 10_000, () => /control ended the stream of Envoy: .*was revoked/.test(guest.output()))
}, 240_000)
