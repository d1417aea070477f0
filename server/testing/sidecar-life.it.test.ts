// What a sidecar keeps of control's words and of its own command line, against control's side over real TLS.
import { Server, ServerCredentials, type handleUnaryCall, type ServerUnaryCall } from '@grpc/grpc-js'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MeshError } from '../contracts/errors.ts'
import { expect, test } from 'vitest'
import { revokeCertificate } from '../identity/revoke.ts'
import { startHeartbeat } from '../sidecar/heartbeat.ts'
import { keepIdentity } from '../sidecar/identity-keeper.ts'
import { OTLP_PATHS, relayOtlp } from '../sidecar/otlp-relay.ts'
import { prepareSidecar, type PreparedSidecar } from '../sidecar/prepare.ts'
import { bindServer, enrolAt, MESH, startEnrolment, tokenFor, type Enrolment } from './control.ts'
import { testDatabase } from './database.ts'
import { eventually } from './load.ts'

async function machine() {
  const home = await mkdtemp(join(tmpdir(), 'heddle-life-'))
  const said: string[] = []
  const prepare = (control: Enrolment, token: string | null) =>
    prepareSidecar({
      controls: [control.address], token, agent: 'loom', namespace: 'default', version: 'v1', target: { port: 1 }, proxyId: 'loom-1', ports: {}, transparent: null, certificates: [], credentials: [], authorities: [], zone: '', home,
      envoy: { path: '', version: 'test' }, mint: null, log: (sentence) => void said.push(sentence),
    })
  return { home, prepare, said, [Symbol.asyncDispose]: () => rm(home, { recursive: true }) }
}

async function beatOnce(prepared: PreparedSidecar, beats = 1): Promise<void> {
  using keeper = keepIdentity({ identity: prepared.identity, path: prepared.paths.identity, controls: () => prepared.state.controls, onChange: () => {} })
  const heartbeat = startHeartbeat({ prepared, keeper, holds: () => null, observed: { card: null, warnings: [], look: () => {}, [Symbol.dispose]: () => {} }, isReady: () => true, answer: async ({ id }) => ({ id, answer: null, failure: 'nobody asks here' }), probing: { take: () => [], putBack: () => {}, follow: () => {}, [Symbol.dispose]: () => {} }, onState: () => {} })
  await heartbeat.first
  for (let beat = 1; beat < beats; beat++) await heartbeat.drain()
  await heartbeat.leave()
}

test('the control that the operator named is kept, whatever addresses control knows of itself', async () => {
  await using control = await startEnrolment() // it says 127.0.0.1:1 of itself, where nothing is
  await using here = await machine()
  const prepared = await here.prepare(control, await tokenFor(control.db))
  await beatOnce(prepared, 2)
  expect(prepared.state.controls).toEqual([control.address, '127.0.0.1:1'])
  expect(control.heard).toHaveLength(2)
})

/** A collector that counts what it is given. */
async function startSink() {
  const server = new Server()
  let taken = 0
  const count: handleUnaryCall<Buffer, Buffer> = (_, callback) => {
    taken++
    callback(null, Buffer.alloc(0))
  }
  const bytes = (message: Buffer) => message
  server.addService({ metrics: { path: OTLP_PATHS.metrics, requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes } }, { metrics: count })
  const port = await bindServer(server, ServerCredentials.createInsecure())
  return { port, taken: () => taken, [Symbol.dispose]: () => server.forceShutdown() }
}

test('telemetry goes where control says that the collector is now', async () => {
  using before = await startSink()
  using after = await startSink()
  await using db = await testDatabase()
  await using here = await machine()
  const first = await startEnrolment({ db, otlpPort: before.port })
  let sidecar = await here.prepare(first, await tokenFor(db))
  using relay = relayOtlp({ door: () => sidecar.state.otlpGrpc, token: () => sidecar.state.telemetryToken })
  const send = () =>
    new Promise((resolve) => {
      const call = { request: Buffer.of(1) } as ServerUnaryCall<Buffer, Buffer> // the relay reads nothing else of it
      relay.handler(OTLP_PATHS.metrics)(call, (error, answer) => resolve(error ?? answer))
    })
  await beatOnce(sidecar)
  await send()
  await first[Symbol.asyncDispose]()
  await using moved = await startEnrolment({ db, otlpPort: after.port })
  sidecar = await here.prepare(moved, null) // started again, from what it kept
  expect(sidecar.state.otlpGrpc.port).toBe(before.port)
  await beatOnce(sidecar)
  await send()
  expect([before.taken(), after.taken()]).toEqual([1, 1])
})

test('what control refuses is said at the sidecar, in control’s own words', async () => {
  await using control = await startEnrolment({ refuse: () => { throw new MeshError('conflict', 'give this version another name') } })
  await using here = await machine()
  await beatOnce(await here.prepare(control, await tokenFor(control.db)))
  expect(here.said).toContainEqual('control refuses this sidecar: give this version another name')
})

test('a restart needs no token; a new one on the command line lets a revoked sidecar in again', async () => {
  await using control = await startEnrolment()
  await using here = await machine()
  const first = await tokenFor(control.db)
  const { identity } = await here.prepare(control, first)
  expect((await here.prepare(control, first)).identity.serial).toBe(identity.serial)
  await revokeCertificate(control.db, { mesh: MESH, serial: identity.serial, reason: 'lost', by: 'test' })
  const again = await here.prepare(control, await tokenFor(control.db))
  expect(again.identity.serial).not.toBe(identity.serial)
  expect((await here.prepare(control, null)).identity.serial).toBe(again.identity.serial)
  expect((await here.prepare(control, first)).identity.serial).toBe(again.identity.serial) // a token that is used up puts nobody out
})

test('a sidecar that was put out does not let itself in again when its certificate has run out', async () => {
  await using control = await startEnrolment({ svidTtlMs: 5000 })
  await using here = await machine()
  const { identity } = await enrolAt(control, await tokenFor(control.db))
  let entered = 0
  const enrolAgain = async () => {
    entered++
    return (await enrolAt(control, await tokenFor(control.db))).identity
  }
  await revokeCertificate(control.db, { mesh: MESH, serial: identity.serial, reason: 'stolen', by: 'test' })
  using keeper = keepIdentity({ identity, path: join(here.home, 'identity.json'), controls: () => [control.address], enrolAgain, onChange: () => {} })
  await eventually('it ran out', 8000, () => Date.parse(identity.notAfter) < Date.now())
  await sleep(2500)
  expect({ entered, failure: keeper.failure }).toEqual({ entered: 0, failure: expect.any(String) })
}, 20_000)
