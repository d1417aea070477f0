// The agent layer as processes: one control, sidecars with their Envoys, agents that say what they can do by their card.
import { expect, test } from 'vitest'
import { commitChange } from '../changes/commit.ts'
import { agentRoute } from '../compile/fixtures.ts'
import { HealthProbe } from '../contracts/health-probe.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import { burst, eventually } from './load.ts'
import { startSidecarMesh } from './sidecar-mesh.ts'
import { testDatabase } from './database.ts'

/** An A2A agent that can be made to babble. */
function talker(name: string, description: string, examples: string[]) {
  const agent = { name, babbles: false, card: { name, description, version: '1', supportedInterfaces: [{ url: 'http://localhost/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }], capabilities: {}, defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'], skills: [{ id: `${name}-skill`, name, description, tags: [], examples }] } }
  return {
    agent,
    answer: (request: { url?: string | undefined }, response: { end(text: string): unknown }) => void response.end(request.url?.startsWith('/.well-known/agent-card.json') ? JSON.stringify(agent.card) : agent.babbles ? 'lorem ipsum' : `${name} is well`),
  }
}

test('agents join by their cards and get the tasks they can do; one that babbles loses its calls; one that leaves is gone, and listed', async () => {
  await using mesh = await startSidecarMesh(await testDatabase())
  const commit = (after: MeshObject) => commitChange(mesh.db, { mesh: 'local', author: 'test', reason: '', changes: [{ ref: refOf(after), expected: null, after }] })
  const [cook, lawyer] = [talker('cook', 'Plans meals and writes recipes', ['what can I cook with lentils']), talker('lawyer', 'Reads contracts and points at legal risks', ['is this clause enforceable'])]
  const buyer = await mesh.join('buyer')
  const cooks = [await mesh.join('cook', { answer: cook.answer }), await mesh.join('cook', { answer: (_, response) => void response.end('the other cook is well') })]
  const helper = await mesh.join('helper')
  await commit(agentRoute('ask', { hostnames: ['ask.mesh'], fallback: { name: 'helper' }, semantic: { floor: 0.25, stickiness: 'none' } }))
  const ask = (task: string) => buyer.out.call('ask.mesh', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ task }) })
  await eventually('a recipe goes to a cook', 60_000, async () => (await ask('a recipe for lentil soup')).body.includes('cook is well'))
  expect((await ask('is this clause of the lease enforceable')).body).toBe('helper v1')

  await mesh.join('lawyer', { answer: lawyer.answer })
  const joined = Date.now()
  await eventually('the lawyer is a candidate by its card', 30_000, async () => (await ask('is this clause of the lease enforceable')).body === 'lawyer is well')
  console.log(`a candidate ${Date.now() - joined} ms after it was ready`)

  await commit(HealthProbe.parse({ apiVersion: HEDDLE_API, kind: 'HealthProbe', metadata: { name: 'well' }, spec: { targetRefs: [{ name: 'cook' }], check: { type: 'HTTP', expect: { regex: 'is well$' } }, intervalSeconds: 0.5, timeoutSeconds: 0.5 } }))
  await eventually('both cooks are probed', 30_000, async () => (await mesh.db.pool.query(`select 1 from probe_state where probe = 'default/well' and ok`)).rowCount === 2)
  cook.agent.babbles = true
  const broke = Date.now()
  await eventually('nobody hears nonsense any more', 30_000, async () => (await burst(10, 2, () => buyer.out.call('cook'))).every(({ body }) => body === 'the other cook is well'))
  console.log(`the last nonsense came within ${Date.now() - broke} ms`)
  const { rows } = await mesh.db.pool.query(`select instance, state, reason from instance_health where state = 'down'`)
  expect(rows).toEqual([{ instance: cooks[0]?.proxyId, state: 'down', reason: expect.stringContaining('does not match') }])
  cook.agent.babbles = false
  await eventually('it is back', 30_000, async () => (await mesh.db.pool.query(`select 1 from instance_health where state = 'down'`)).rowCount === 0)

  await helper.stop()
  await eventually('it is listed as gone', 30_000, async () => (await mesh.db.pool.query(`select 1 from agent_presence where agent = 'helper' and gone_at is not null`)).rowCount === 1)
}, 240_000)
