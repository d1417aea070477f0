// MCP servers of both SDKs, 2025-11-25 with sessions and 2026-07-28 without: found, probed, and called through two sidecars as directly.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from '@modelcontextprotocol/client'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer as NewServer } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { commitChange } from '../changes/commit.ts'
import { agent } from '../compile/fixtures.ts'
import { HealthProbe } from '../contracts/health-probe.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { testDatabase } from '../testing/database.ts'
import { eventually } from '../testing/load.ts'
import { startSidecarMesh } from '../testing/sidecar-mesh.ts'
import { fetchThrough, ownPort } from '../testing/through-sidecar.ts'

const FIND = { description: 'finds cloth', inputSchema: z.object({ what: z.string() }) }
const found = (what: string) => {
  if (what === 'gold') throw new Error('there is no gold here')
  return { content: [{ type: 'text' as const, text: `${what}: linen, wool` }] }
}
/** Three notes on the way, for whoever wants them. */
const STEPS = [1, 2, 3].map((progress) => ({ progress, total: 3 }))

/** 2025-11-25: a session for each client, answers as events. */
function serveOld(): RequestListener {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const open = async () => {
    const server = new OldServer({ name: 'old-search', version: '1' })
    server.registerTool('find', FIND, async ({ what }, { _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken
      if (progressToken !== undefined) for (const step of STEPS) await sendNotification({ method: 'notifications/progress', params: { progressToken, ...step } })
      return found(what)
    })
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized: (id) => void sessions.set(id, transport) })
    await server.connect(transport as Parameters<typeof server.connect>[0]) // the SDK's own types differ under exactOptionalPropertyTypes
    return transport
  }
  return async (request, response) => (sessions.get(String(request.headers['mcp-session-id'])) ?? (await open())).handleRequest(request, response)
}

/** 2026-07-28 and nothing before. */
function serveNew(): RequestListener {
  const handler = createMcpHandler(() => {
    const server = new NewServer({ name: 'new-search', version: '2' })
    server.registerTool('find', FIND, async ({ what }, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken
      if (progressToken !== undefined) for (const step of STEPS) await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...step } })
      return found(what)
    })
    return server
  }, { legacy: 'reject' })
  return async (request: IncomingMessage, response: ServerResponse) => {
    const headers = Object.entries(request.headers).filter((header): header is [string, string] => typeof header[1] === 'string')
    const body = Buffer.concat(await request.toArray())
    const answer = await handler.fetch(new Request(`http://localhost${request.url}`, { method: request.method ?? 'GET', headers, ...(body.length > 0 && { body }) }))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    if (answer.body) Readable.fromWeb(answer.body as ReadableStream).pipe(response) // the same class under another declaration
    else response.end()
  }
}

/** All that a client of the server's own SDK hears of it. */
async function hear(revision: 'old' | 'new', url: URL, own: typeof fetch) {
  const name = { name: 'buyer', version: '1' }
  const client = revision === 'old' ? new OldClient(name) : new NewClient(name, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
  if (client instanceof OldClient) await client.connect(new OldTransport(url, { fetch: own }) as Parameters<typeof client.connect>[0]) // as above
  else await client.connect(new NewTransport(url, { fetch: own }))
  const progress: unknown[] = []
  const call = (arguments_: object, tool = 'find') => {
    const params = { name: tool, arguments: { ...arguments_ } }
    const onprogress = (step: object) => void progress.push({ ...step })
    return (client instanceof OldClient ? client.callTool(params, undefined, { onprogress }) : client.callTool(params, { onprogress })).catch((error: unknown) => String(error))
  }
  const heard = { server: client.getServerVersion(), tools: await client.listTools(), found: await call({ what: 'cloth' }), refused: await call({ what: 'gold' }), wrong: await call({ what: 7 }), unknown: await call({}, 'weave'), progress }
  await client.close()
  return JSON.parse(JSON.stringify(heard))
}

test('MCP servers of both SDKs are found with their tools, probed, and answer through two sidecars as they do directly', async () => {
  await using mesh = await startSidecarMesh(await testDatabase(), { HEDDLE_FETCH_ALLOW: '127.0.0.1' })
  await using own = new AsyncDisposableStack()
  const servers = { old: await mesh.join('old', { answer: serveOld() }), new: await mesh.join('new', { answer: serveNew() }) }
  const viaBuyer = fetchThrough(mesh, await mesh.join('buyer'), own)
  const directUrl = (revision: keyof typeof servers) => `http://127.0.0.1:${ownPort(servers[revision])}/mcp`
  const objects: MeshObject[] = [
    ...(['old', 'new'] as const).map((name) => agent(name, { protocol: 'mcp', discovery: { kind: 'mcp', url: directUrl(name), everySeconds: 60 } })),
    HealthProbe.parse({ apiVersion: HEDDLE_API, kind: 'HealthProbe', metadata: { name: 'finds' }, spec: { targetRefs: [{ name: 'old' }, { name: 'new' }], check: { type: 'MCP', operation: 'tools', tool: 'find' }, intervalSeconds: 0.5 } }),
  ]
  await commitChange(mesh.db, { mesh: 'local', author: 'test', reason: '', changes: objects.map((after) => ({ ref: refOf(after), expected: 'any', after })) })

  for (const revision of ['old', 'new'] as const) {
    const through = new URL(`http://${revision}.default.mesh/mcp`)
    await eventually(`the ${revision} one answers`, 30_000, async () => (await viaBuyer(through.href, { method: 'POST', body: '{}' })).status < 500)
    const [direct, within] = [await hear(revision, new URL(directUrl(revision)), fetch), await hear(revision, through, viaBuyer)]
    expect(within).toEqual(direct)
    expect(within).toMatchObject({ server: { name: `${revision}-search` }, tools: { tools: [{ name: 'find' }] }, found: { content: [{ text: 'cloth: linen, wool' }] }, refused: { isError: true, content: [{ text: 'there is no gold here' }] } })
    expect(within.progress.filter(({ progress }: { progress: number }) => progress === 3).length).toBeGreaterThan(0)
  }
  await eventually('their tools are capabilities', 30_000, async () => {
    const { agents } = await readMeshState(mesh.db, 'local')
    return ['old', 'new'].every((name) => agents.find(({ metadata }) => metadata.name === name)?.spec.capabilities.some(({ id }) => id === 'find'))
  })
  await eventually('both are probed and well', 30_000, async () => (await mesh.db.pool.query(`select 1 from probe_state where probe = 'default/finds' and ok`)).rowCount === 2)
}, 240_000)
