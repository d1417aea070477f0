// Two control processes on one PostgreSQL, and sidecars as they are: who goes to whom, and what it costs when either is killed.
import { expect, test } from 'vitest'
import { commitChange } from '../changes/commit.ts'
import { route } from '../compile/fixtures.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import { readProxies } from '../queries/proxies.ts'
import { readRevisionStatus } from '../queries/revision-status.ts'
import { openControlLink } from '../sidecar/control-link.ts'
import { enrolAt, startEnrolment, tokenFor } from './control.ts'
import { testDatabase } from './database.ts'
import { freePort } from './free-port.ts'
import { eventually, openLoop } from './load.ts'
import { startControlProcess, startSidecarMesh, TEST_MESH, type SidecarMesh } from './sidecar-mesh.ts'

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

async function commit({ db }: SidecarMesh, objects: MeshObject[]): Promise<number> {
  const result = await commitChange(db, { mesh: TEST_MESH.name, author: 'test', reason: '', changes: objects.map((after) => ({ ref: refOf(after), expected: 'any', after })) })
  if (result.outcome !== 'committed' || result.revision === null) throw new Error(JSON.stringify(result))
  return result.revision
}

test('either of two control processes is killed: sidecars go to the other, no call fails, and an edit in that moment still counts both of them', async () => {
  await using mesh = await startSidecarMesh(await testDatabase())
  await using second = await startControlProcess({ ...mesh.env, HEDDLE_XDS_PORT: String(await freePort()) })
  const [loom] = await Promise.all([mesh.join('loom'), mesh.join('shuttle')])
  await eventually('loom reaches shuttle', 15_000, async () => (await loom.out.call('shuttle.default.mesh')).status === 200)
  const controlsOfProxies = async () => (await readProxies(mesh.db, TEST_MESH.name, { limit: 10 })).map(({ control, state }) => (state === 'disconnected' ? null : control))
  const patience = (seconds: number) => route('shuttle', { parentRefs: [{ name: 'shuttle' }], rules: [{ timeouts: { request: `${seconds}s` }, backendRefs: [{ name: 'shuttle' }] }] })
  let seconds = 20
  for (const [died, survivor] of [[mesh.control, second], [second, mesh.control]] as const) {
    const load = openLoop(20, () => loom.out.call('shuttle.default.mesh'))
    await died.kill()
    const revision = await commit(mesh, [patience(++seconds)]) // while sidecars are on their way from one to the other
    const status = await eventually('the edit is accepted', 15_000, async () => {
      const now = await readRevisionStatus(mesh.db, TEST_MESH.name, revision)
      return now.state === 'accepted' ? now : Promise.reject(new Error(JSON.stringify(now)))
    })
    expect(status).toMatchObject({ of: 2, accepted: 2, pending: [], rejected: [] })
    const controls = await controlsOfProxies()
    expect(controls).toHaveLength(2)
    expect(new Set(controls).size).toBe(1)
    const results = await load.stop()
    expect(results.length).toBeGreaterThan(20)
    expect(results.filter(({ status: code }) => code !== 200)).toEqual([])
    expect(survivor.process.exitCode).toBeNull()
    await died.start()
  }
}, 180_000)
