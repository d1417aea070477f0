// The outside as an operator meets it, on a whole Heddle: a host turns up, is blocked and allowed by one command each, and is on the graph either way.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EgressHost } from '#server/contracts/egress.ts'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import { startHeddle } from './heddle.ts'
import { eventually } from './load.ts'
import { meshOf, type MeshUnderTest } from './mesh.ts'
import { startOutsideService, type OutsideService } from './outside-service.ts'
import type { PlainAgent } from './plain-agent.ts'

const HOST = 'api.models.test'
const STRANGE = 'strange.models.test'

let heddle: Awaited<ReturnType<typeof startHeddle>>
let mesh: MeshUnderTest
let outside: OutsideService
let scribe: PlainAgent

beforeAll(async () => {
  outside = await startOutsideService([HOST])
  await writeFile(join(outside.directory, 'key'), 'sk-scribe')
  heddle = await startHeddle()
  mesh = meshOf(heddle)
  scribe = await mesh.join({ name: 'scribe', flags: ['--ca', `models=${outside.caFile}`, '--credential', `key=${HOST},file:${join(outside.directory, 'key')}`] })
}, 240_000)

afterAll(async () => {
  await scribe?.[Symbol.asyncDispose]()
  await heddle?.[Symbol.asyncDispose]()
  await outside?.[Symbol.asyncDispose]()
})

async function hosts(): Promise<EgressHost[]> {
  return (await mesh.get<{ items: EgressHost[] }>('/egress?window=1h')).items
}

const listed = (what: string, host: string, is: (one: EgressHost) => boolean) =>
  eventually(what, 60_000, async () => {
    const found = (await hosts()).find((one) => one.host === host)
    return found && is(found) ? found : Promise.reject(new Error(JSON.stringify(await hosts())))
  })

test('a host that nobody named is listed, blocked by one command, and listed with who is refused', async () => {
  await scribe.out.call(STRANGE)
  const seen = await listed('the unknown host', STRANGE, (one) => one.requests > 0)
  expect(seen).toMatchObject({ state: 'unknown', namespace: 'default', service: null, callers: [{ agent: 'scribe', refusal: null }] })

  expect(await heddle.cli(['egress', 'block', STRANGE])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^strange\.models\.test is blocked for default: ExternalService strange-models-test created by revision \d+/) })
  await eventually('403', 60_000, async () => (await scribe.out.call(STRANGE)).status === 403)
  expect(await listed('the refused call', STRANGE, (one) => one.refused > 0)).toMatchObject({ state: 'blocked', callers: [{ agent: 'scribe', refusal: expect.stringContaining('blocks strange.models.test') }] })
  expect((await heddle.cli(['egress', 'list'])).stdout).toMatch(/strange\.models\.test +blocked +default +scribe \(refused\)/)

  expect(await heddle.cli(['egress', 'allow', STRANGE])).toMatchObject({ code: 0, stdout: expect.stringContaining('changed by revision') })
  await eventually('no 403', 60_000, async () => (await scribe.out.call(STRANGE)).status !== 403)
  for (const bad of ['https://x.example', 'x.example/v1', '10.0.0.1', '*.example', 'x']) expect([bad, (await heddle.cli(['egress', 'allow', bad])).code]).not.toEqual([bad, 0])
}, 240_000)

test('a call whose TLS the sidecar speaks is on the graph with its latency, and in the list with its service', async () => {
  await mesh.accepted(
    await mesh.write({ apiVersion: HEDDLE_API, kind: 'ExternalService', metadata: { name: 'models' }, spec: { host: HOST, port: outside.port, addresses: ['127.0.0.1'], tls: { mode: 'Originate', caRef: { name: 'models' } }, credential: { name: 'key', prefix: 'Bearer ' } } }),
    60_000,
  )
  await eventually('an answer', 60_000, async () => (await scribe.out.call(HOST, { path: '/v1/chat?token=SECRET' })).status === 200)
  expect(outside.received.at(-1)?.headers.authorization).toBe('Bearer sk-scribe')
  expect(await listed('the call', HOST, (one) => one.requests > 0)).toMatchObject({ state: 'allowed', service: { namespace: 'default', name: 'models' }, tls: 'Originate', credential: 'key', errors: 0, refused: 0 })
  const edge = (await mesh.graph()).edges.find(({ target }) => target === `external/${HOST}`)
  expect(edge).toMatchObject({ source: 'agent/default/scribe', errors: 0, latencyMs: { p50: expect.any(Number) } })
}, 240_000)
