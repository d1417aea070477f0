// A policy that names MCP tools, by what real Envoys let through: the body counts, whatever a header says. Explain says the same.
import { expect, test } from 'vitest'
import { agent, policy } from '../compile/fixtures.ts'
import { explainCall } from '../mesh/explain.ts'
import { testDatabase } from '../testing/database.ts'
import { eventually } from '../testing/load.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'

const rpc = (method: string, params: unknown = {}) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
const tool = (name: string) => rpc('tools/call', { name, arguments: { q: 'looms' } })
const JSON_BODY = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

test('a caller uses the tools that it was given, and no other, by any trick', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('toolbox', { protocol: 'mcp', type: 'tool' })])
  const [caller, toolbox] = [await mesh.addProxy('caller'), await mesh.addProxy('toolbox')]
  const ask = async (body: string, headers: Record<string, string> = {}) => (await caller.out.call('toolbox.default.mesh', { path: '/mcp', body, headers: { ...JSON_BODY, ...headers } })).status
  const apply = async (action: 'Allow' | 'Deny', tools: string[]) => mesh.accepted(await mesh.commit([policy('tools', { targetRefs: [{ name: 'toolbox' }], action, rules: [{ to: [{ tools }] }] })]), 30_000)
  await eventually('the toolbox answers', 30_000, async () => (await ask(tool('drop'))) === 200)

  await apply('Allow', ['search', 'read'])
  await eventually('the policy holds', 30_000, async () => (await ask(tool('drop'))) === 403)
  const allowed: [string, number][] = [
    [tool('search'), 200], [tool('read'), 200], [tool('drop'), 403], [tool('searching'), 403], [tool(''), 403],
    [rpc('initialize'), 200], [rpc('tools/list'), 200], [rpc('notifications/initialized'), 200], [rpc('server/discover'), 200], [rpc('resources/read', { uri: 'file:///etc' }), 403], [rpc('prompts/get', { name: 'search' }), 403],
    [`[${tool('search')},${tool('drop')}]`, 403], ['{', 403], ['null', 403], ['{"method":"tools/call"}', 403], ['{"jsonrpc":"2.0","id":1,"result":{}}', 200],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"drop"}}', 403], ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","name":"drop"}}', 403], [JSON.stringify({ method: 'tools/call', params: { name: ['search'] } }), 403],
  ]
  for (const [body, status] of allowed) expect([body, await ask(body)]).toEqual([body, status])
  expect(await ask(tool('drop'), { 'mcp-method': 'tools/call', 'mcp-name': 'search' })).toBe(403)
  expect(await ask(tool('drop'), { 'content-type': 'text/plain' })).toBe(403)
  expect(await ask(tool('search'), { 'content-type': 'application/json; charset=utf-8' })).toBe(200)
  expect((await caller.out.call('toolbox.default.mesh', { path: '/mcp', headers: { accept: 'text/event-stream' } })).status).toBe(200) // GET opens the stream
  expect(toolbox.agent.received.length).toBeGreaterThan(0)
  const explain = (name: string) => explainCall(mesh.control.state()!, { from: { namespace: 'default', agent: 'caller' }, host: 'toolbox.default.mesh', path: '/mcp', method: 'POST', headers: { 'Mcp-Method': 'tools/call', 'Mcp-Name': name } }).policies[0]?.allowed // the mesh has a state: its policy was accepted
  expect([explain('search'), explain('drop')]).toEqual([true, false])

  await apply('Deny', ['drop'])
  await eventually('the other policy holds', 30_000, async () => (await ask(tool('anything'))) === 200)
  const denied: [string, number][] = [[tool('drop'), 403], [tool('search'), 200], [rpc('resources/read'), 200], [`[${tool('drop')}]`, 403], ['{', 403], ['', 403], ['{"method":"tools/call","params":{"name":"drop"}}', 403], ['{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"drop"}}', 403]]
  for (const [body, status] of denied) expect([body, await ask(body)]).toEqual([body, status])
  expect([explain('search'), explain('drop')]).toEqual([true, false])
  expect(await toolbox.stat('server.dynamic_unknown_fields')).toBe(0)
}, 240_000)
