// A deciding service that fails, or lies: through real Envoys, with the service replaced by one that does it.
import type { ServerDuplexStream } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { DECIDED_HEADER } from '../compile/semantic.ts'
import { policy } from '../compile/fixtures.ts'
import { burst, eventually } from '../testing/load.ts'
import { startSemanticMesh } from '../testing/semantic-mesh.ts'
import { decodeProcessing, encodeAskBody, encodeHeaders } from './messages.ts'

type Stream = ServerDuplexStream<Buffer, Buffer>
/** Two messages of 250 ms each, and room for a machine that is busy with other things. */
const SLOWEST_MS = 500 + 4500
const TASK = { task: 'give me a recipe for tomato soup' }
const closed = (name: string) => policy(`closed-${name}`, { targetRefs: [{ name }], action: 'Allow', rules: [{ from: [{ agents: ['lawyer'] }] }] })

const FAILURES: [string, (call: Stream) => void][] = [
  ['hangs', () => {}],
  ['hangs after the headers', (call) => void call.once('data', () => call.write(encodeAskBody()))],
  ['refuses', (call) => void call.emit('error', { code: 14, details: 'gone' })],
  ['answers garbage', (call) => void call.on('data', () => call.write(Buffer.from('garbage')))],
  ['ends early with OK', (call) => call.end()],
]
test.each(FAILURES)('a service that %s: each call is answered by the fallback in time, says so in its trace, and policies still refuse', async (_, process) => {
  await using lab = await startSemanticMesh({}, { process })
  lab.mesh.exported.length = 0
  const results = await burst(40, 4, () => lab.ask(TASK))
  expect(results.filter(({ status, body }) => status !== 200 || body !== 'helper')).toEqual([])
  expect(Math.max(...results.map(({ tookMs }) => tookMs))).toBeLessThan(SLOWEST_MS)
  expect(results[0]?.headers['x-heddle-decision']).toBeUndefined()
  await eventually('the spans name the fallback', 30_000, () => lab.mesh.exported.some((spans) => spans.includes('agentroute/default/ask/fallback')))
  expect(lab.mesh.exported.filter((spans) => spans.includes('agentroute/default/ask/to/'))).toEqual([])

  await lab.mesh.accepted(await lab.mesh.commit([closed('helper')]), 20_000)
  await eventually('the policy is at work', 20_000, async () => (await lab.ask(TASK)).status === 403)
  expect((await burst(20, 4, () => lab.ask(TASK))).filter(({ status }) => status !== 403)).toEqual([])
}, 240_000)

test('a service that sends everybody to an agent that is closed to them lets nobody in', async () => {
  const process = (call: Stream) => void call.on('data', (message: Buffer) => call.write(decodeProcessing(message).kind === 'headers' ? encodeAskBody() : encodeHeaders('body', { [DECIDED_HEADER]: 'default/cook' })))
  await using lab = await startSemanticMesh({}, { process })
  expect((await lab.ask({ task: 'translate this into Dutch' })).body).toBe('cook') // it does decide
  await lab.mesh.accepted(await lab.mesh.commit([closed('cook')]), 20_000)
  await eventually('the policy is at work', 20_000, async () => (await lab.ask(TASK)).status === 403)
  expect((await burst(40, 4, () => lab.ask(TASK))).filter(({ status }) => status !== 403)).toEqual([])
}, 240_000)
