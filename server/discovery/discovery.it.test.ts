// Agents found by their cards and MCP servers by their tools, over real sockets and a real database.
import type { IncomingMessage, RequestListener } from 'node:http'
import { generateKeyPair, exportJWK } from 'jose'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { generateAgentCardSignature } from '@a2a-js/sdk'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { expect, test } from 'vitest'
import { commitChange } from '../changes/commit.ts'
import { Agent } from '../contracts/agent.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import { refOf } from '../contracts/object.ts'
import type { Db } from '../db/client.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { parseAllowList } from '../fetch/addresses.ts'
import { testDatabase } from '../testing/database.ts'
import { serve } from '../testing/serve.ts'
import { readA2aCard } from './card.ts'
import { pollDue, readSource, syncSources } from './poll.ts'
import { syncPresence } from './presence.ts'
import type { Commit } from './register.ts'

const MESH = 'local'
const outside = { allow: parseAllowList('127.0.0.1') }
const skill = (id: string, more: object = {}) => ({ id, name: id, description: `does ${id}`, tags: ['cloth'], inputModes: ['text/plain'], ...more })
const V1 = { name: 'Dyer', description: 'dyes yarn', version: '1', supportedInterfaces: [{ url: 'https://dye.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }], capabilities: { streaming: true }, defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'], skills: [skill('dye'), skill('rinse')] }

/** Serves whatever `card` is now, with an ETag, and counts whole answers. */
async function serveCard(first: unknown) {
  const state = { card: first, whole: 0, status: 200 }
  const server = await serve((request, response) => {
    const body = JSON.stringify(state.card)
    const etag = `"${Buffer.from(body).toString('base64').slice(0, 64)}${body.length}"`
    if (state.status !== 200 || request.url !== '/.well-known/agent-card.json') return void response.writeHead(state.status === 200 ? 404 : state.status).end()
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end()
    state.whole++
    response.writeHead(200, { etag, 'content-type': 'application/json' }).end(body)
  })
  return { state, url: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

async function meshWith(agents: Record<string, object>) {
  const db = await testDatabase()
  await db.pool.query(`insert into mesh (name, trust_domain) values ($1, 'weave.test')`, [MESH])
  const objects = Object.entries(agents).map(([name, spec]) => Agent.parse({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name }, spec }))
  await commitChange(db, { mesh: MESH, author: 'test', reason: '', changes: objects.map((after) => ({ ref: refOf(after), expected: null, after })) })
  const failing = { commits: 0 }
  const commit: Commit = async (change) => {
    if (failing.commits-- > 0) throw new Error('the store is away')
    return commitChange(db, change)
  }
  const options = { db, mesh: MESH, outside, commit, env: { HEDDLE_CREDENTIAL_DYER: 'Bearer secret' }, onError: (error: Error) => { throw error } }
  const poll = async () => {
    await db.pool.query('update agent_source set next_at = now()')
    await syncSources(db, MESH)
    await pollDue(options)
    await syncPresence(db, MESH)
  }
  return { db, poll, failing, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
}

const rows = async (db: Db, sql: string) => (await db.pool.query(sql)).rows as Record<string, unknown>[]
const capabilitiesOf = async (db: Db, name: string) => (await readMeshState(db, MESH)).agents.find((agent) => agent.metadata.name === name)?.spec.capabilities.map(({ id }) => id)

test('a card makes an agent a candidate, is asked for by ETag, and what it changes is told with what breaks', async () => {
  await using server = await serveCard(V1)
  await using mesh = await meshWith({ dyer: { protocol: 'a2a', discovery: { url: server.url } } })
  await mesh.poll()
  expect(await capabilitiesOf(mesh.db, 'dyer')).toEqual(['dye', 'rinse'])
  await mesh.poll()
  expect(server.state.whole).toBe(1) // the second time it was not modified
  server.state.card = { ...V1, capabilities: {}, skills: [skill('dye', { inputModes: ['image/png'] }), skill('spin')] }
  await mesh.poll()
  expect(await capabilitiesOf(mesh.db, 'dyer')).toEqual(['dye', 'spin'])
  const [, second] = await rows(mesh.db, 'select changes from agent_card order by number')
  expect(second?.['changes']).toEqual(expect.arrayContaining([
    { what: 'streaming are no longer offered', breaking: true },
    { what: 'the skill “rinse” is gone', breaking: true },
    { what: 'the skill “spin” is new', breaking: false },
    { what: '“dye” no longer takes text/plain', breaking: true },
  ]))
})

test('a card that could not be followed is followed by the next look, and so are those after it', async () => {
  await using server = await serveCard(V1)
  await using mesh = await meshWith({ dyer: { protocol: 'a2a', discovery: { url: server.url } } })
  for (const ids of [['dye', 'rinse'], ['dye', 'spin'], ['spin']]) {
    server.state.card = { ...V1, skills: ids.map((id) => skill(id)) }
    mesh.failing.commits = 3 // as many as one look tries
    await mesh.poll()
    expect(await rows(mesh.db, 'select state, reason from agent_source')).toEqual([{ state: 'failing', reason: 'the store is away' }])
    await mesh.poll()
    expect(await capabilitiesOf(mesh.db, 'dyer')).toEqual(ids)
  }
  expect(await rows(mesh.db, 'select number from agent_card order by number')).toHaveLength(3)
})

test('capabilities that a person wrote are left alone', async () => {
  await using server = await serveCard(V1)
  await using mesh = await meshWith({ dyer: { capabilities: [{ id: 'own' }], discovery: { url: server.url } } })
  await mesh.poll()
  expect(await capabilitiesOf(mesh.db, 'dyer')).toEqual(['own'])
})

test('an agent whose source fails is backed off, then gone, and stays listed', async () => {
  await using server = await serveCard(V1)
  await using mesh = await meshWith({ dyer: { discovery: { url: server.url } } })
  await mesh.poll()
  expect(await rows(mesh.db, 'select agent, source, gone_at from agent_presence')).toEqual([{ agent: 'dyer', source: 'a2a', gone_at: null }])
  server.state.status = 500
  for (let turn = 0; turn < 3; turn++) await mesh.poll()
  expect(await rows(mesh.db, 'select state, failures, reason from agent_source')).toEqual([{ state: 'gone', failures: 3, reason: expect.stringContaining('answers 500') }])
  expect(await rows(mesh.db, 'select agent from agent_presence where gone_at is not null')).toEqual([{ agent: 'dyer' }])
  server.state.status = 200
  await mesh.poll()
  expect(await rows(mesh.db, 'select agent from agent_presence where gone_at is null')).toEqual([{ agent: 'dyer' }])
})

test('a private address is not read unless allowed', async () => {
  await using server = await serveCard(V1)
  await expect(readSource({ allow: parseAllowList('') }, { url: server.url, kind: 'a2a' })).rejects.toMatchObject({ code: 'forbidden' })
})

test('1.0, 0.3 and both in one document read alike', () => {
  const older = { name: 'Dyer', description: 'dyes yarn', version: '1', url: 'https://dye.example/', protocolVersion: '0.3.0', preferredTransport: 'JSONRPC', additionalInterfaces: [{ url: 'https://dye.example/rest', transport: 'HTTP+JSON' }], capabilities: { streaming: true }, defaultInputModes: ['text/plain'], defaultOutputModes: [], skills: [skill('dye')], security: [{ key: [] }] }
  expect(readA2aCard(V1)).toMatchObject({ form: 'a2a-1.0', streaming: true, interfaces: [{ binding: 'JSONRPC', protocolVersion: '1.0' }] })
  expect(readA2aCard(older)).toMatchObject({ form: 'a2a-0.3', interfaces: [{ binding: 'JSONRPC', protocolVersion: '0.3.0' }, { binding: 'HTTP+JSON' }], security: ['key'] })
  expect(readA2aCard({ ...older, ...V1 })).toMatchObject({ form: 'a2a-hybrid', interfaces: [{ protocolVersion: '1.0' }] })
})

const bad: [string, unknown][] = [['null', null], ['a list', []], ['text', 'card'], ['no name', { url: 'http://x' }], ['a name that is a number', { ...V1, name: 7 }], ['neither url nor interfaces', { name: 'x' }], ['interfaces of another type', { name: 'x', supportedInterfaces: 'none' }], ['only broken interfaces', { name: 'x', supportedInterfaces: [{}, 1, null] }]]
test.each(bad)('%s is no card, and says so', (_, document) => {
  expect(() => readA2aCard(document)).toThrow('this is no A2A agent card')
})

test('a strange card keeps what can be read: duplicates, ten thousand skills, scripts in names', () => {
  const skills = [skill('dye', { name: '<script>alert(1)</script>' }), skill('dye'), { name: 'no id' }, 7, skill('long', { description: 'x'.repeat(100_000), tags: [1, 'a'], examples: 'none' }), ...Array.from({ length: 10_000 }, (_, n) => skill(`s${n}`))]
  const card = readA2aCard({ ...V1, skills })
  expect(card.capabilities).toHaveLength(997)
  expect(card.capabilities[0]?.name).toBe('<script>alert(1)</script>') // text it is, and as text it is shown
  expect(card.capabilities[1]).toMatchObject({ id: 'long', tags: ['a'], examples: [] })
  expect(card.capabilities[1]?.description).toHaveLength(4096)
  expect(card.warnings).toEqual(expect.arrayContaining(['the skill “dye” is there twice; the first stands', 'of 10005 skills the first 1000 were read']))
})

test('a signature counts when its key is of the card’s own origin, and not when it is of another or the card was changed', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'loom', alg: 'ES256' }
  let document: unknown = V1
  const listener = (request: IncomingMessage, response: Parameters<RequestListener>[1]) => response.writeHead(200).end(JSON.stringify(request.url === '/keys' ? { keys: [jwk] } : document))
  await using server = await serve(listener)
  await using stranger = await serve(listener)
  const sign = (jku: string) => generateAgentCardSignature(privateKey, { alg: 'ES256', kid: 'loom', typ: 'JOSE', jku })(V1 as unknown as Parameters<ReturnType<typeof generateAgentCardSignature>>[0])
  const signatureAt = async () => (await readSource(outside, { url: server.url, kind: 'a2a' }))?.taken.signature
  expect(await signatureAt()).toMatchObject({ state: 'none' })
  document = await sign(`${server.url}/keys`)
  expect(await signatureAt()).toMatchObject({ state: 'verified' })
  document = { ...(document as object), description: 'changed' }
  expect(await signatureAt()).toMatchObject({ state: 'unverified' })
  document = await sign(`${stranger.url}/keys`)
  expect(await signatureAt()).toMatchObject({ state: 'unverified', reason: expect.stringContaining('the key is of') })
})

test('an MCP server of the SDK is read by initialize, one of 2026-07-28 by server/discover in pages, one that hangs is given up', async () => {
  await using old = await serve((request, response) => {
    const mcp = new McpServer({ name: 'search', version: '2' })
    mcp.registerTool('find', { description: 'finds cloth' }, async () => ({ content: [] }))
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
    void mcp.connect(transport as Parameters<typeof mcp.connect>[0]).then(() => transport.handleRequest(request, response)) // the SDK's own types differ under exactOptionalPropertyTypes
  })
  expect((await readSource(outside, { url: `${old.url}/mcp`, kind: 'mcp' }))?.taken.card).toMatchObject({ form: 'mcp', name: 'search', capabilities: [{ id: 'find', description: 'finds cloth' }], interfaces: [{ protocolVersion: '2025-11-25' }] })

  const headers: unknown[] = []
  await using stateless = await serve(async (request, response) => {
    const { method, params, id } = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8'))
    headers.push(request.headers['mcp-method'])
    const info = { 'io.modelcontextprotocol/serverInfo': { name: 'new', version: '1' } }
    const result = method === 'server/discover' ? { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {}, _meta: info } : params.cursor ? { tools: [{ name: 'second' }] } : { tools: [{ name: 'first' }], nextCursor: 'more' }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
  })
  expect((await readSource(outside, { url: stateless.url, kind: 'mcp' }))?.taken.card).toMatchObject({ name: 'new', capabilities: [{ id: 'first' }, { id: 'second' }] })
  expect(headers).toEqual(['server/discover', 'tools/list', 'tools/list'])

  await using hanging = await serve(() => {})
  await expect(readSource(outside, { url: hanging.url, kind: 'mcp' })).rejects.toThrow('no whole answer within 5 s')
}, 20_000)

test('over an event stream that stays open the answer is waited for; lines that never end hold nobody up', async () => {
  const event = (message: unknown) => `event: message\ndata: ${JSON.stringify(message)}\n\n`
  await using open = await serve(async (request, response) => {
    const { method, id } = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8'))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'error', data: 'none' } }))
    const result = method === 'server/discover' ? { capabilities: {} } : { tools: [{ name: 'find' }] }
    setTimeout(() => response.write(event({ jsonrpc: '2.0', id, result })), 50)
  })
  expect((await readSource(outside, { url: open.url, kind: 'mcp' }))?.taken.card).toMatchObject({ capabilities: [{ id: 'find' }] })

  await using hostile = await serve((_, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"result"\n'.repeat(1024)))
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  await expect(readSource(outside, { url: hostile.url, kind: 'mcp' })).rejects.toThrow('no whole answer within 5 s')
  expect(delay.max / 1e6).toBeLessThan(2000)
}, 30_000)

test('a blocked peer is refused everywhere, as a revoked one is', async () => {
  await using mesh = await meshWith({})
  await mesh.db.pool.query(`insert into peer_decision (mesh, peer, decision, by_whom) values ($1, 'agent/default/stranger', 'block', 'test')`, [MESH])
  expect((await readMeshState(mesh.db, MESH)).revoked).toEqual(['spiffe://weave.test/ns/default/agent/stranger'])
})
