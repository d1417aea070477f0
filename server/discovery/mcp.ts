// What an MCP server offers, by whichever revision it speaks: 2026-07-28 is asked without a session, the ones before by `initialize`.
import { z } from 'zod'
import { Capability } from '../contracts/agent.ts'
import { MeshError } from '../contracts/errors.ts'
import { fetchOutside, type Fetched, type Outside } from '../fetch/fetch.ts'
import { parseJson } from '../fetch/json.ts'
import { readAnswers } from './answers.ts'
import type { AgentCard } from './card.ts'

const REVISION = '2026-07-28'
const REVISION_BEFORE = '2025-11-25'
const PAGES_MAX = 20
const TOOLS_MAX = 1000
const CLIENT = { name: 'heddle', version: '1' }

const Tool = z.looseObject({ name: z.string().min(1).max(128), title: z.string().optional(), description: z.string().optional() })
const Tools = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().max(4096).optional() })
const Answer = z.looseObject({ result: z.looseObject({}).optional(), error: z.looseObject({ code: z.number(), message: z.string().optional() }).optional() })

/** One exchange with a server, in its revision. */
export interface McpSession {
  revision: string
  serverName: string
  serverVersion: string
  call(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>
}

/** One POST to the server's endpoint. */
export type McpTarget = (body: string, headers: Record<string, string>) => Promise<Fetched>

export function mcpOver(outside: Outside, url: string, own: Record<string, string> = {}, timeoutMs?: number): McpTarget {
  return (body, headers) =>
    fetchOutside(outside, url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...own, ...headers },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      // An answer over SSE stays open when the message has come.
      enough: () => {
        const answers = readAnswers()
        return (piece) => answers.take(piece)
      },
    })
}

/** The server as it introduces itself, with its tools as capabilities; the document is what is kept as its card. */
export async function readMcpServer(target: McpTarget, url: string): Promise<{ card: AgentCard; document: Record<string, unknown> }> {
  const session = await openMcp(target)
  const warnings: string[] = []
  const tools = await listTools(session, warnings)
  const document = { revision: session.revision, server: { name: session.serverName, version: session.serverVersion }, tools }
  const capabilities = tools.map((tool) => Capability.parse({ id: tool.name, name: (tool.title ?? tool.name).slice(0, 256), description: (tool.description ?? '').slice(0, 4096) }))
  return {
    document,
    card: {
      form: 'mcp', name: session.serverName, description: '', version: session.serverVersion, streaming: false, pushNotifications: false, security: [], warnings, capabilities,
      interfaces: [{ url, binding: 'MCP', protocolVersion: session.revision }],
    },
  }
}

/** `server/discover` first; a server that does not know it is asked to `initialize`. */
export async function openMcp(target: McpTarget): Promise<McpSession> {
  const meta = { 'io.modelcontextprotocol/protocolVersion': REVISION, 'io.modelcontextprotocol/clientInfo': CLIENT, 'io.modelcontextprotocol/clientCapabilities': {} }
  const stateless = (method: string, params: Record<string, unknown> = {}) =>
    exchange(target, method, { ...params, _meta: meta }, { 'mcp-protocol-version': REVISION, 'mcp-method': method, ...(typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {}) })
  const first = await stateless('server/discover')
  const known = Answer.safeParse(first.message).data
  if (first.fetched.status === 200 && known?.result) {
    const info = serverInfo((known.result['_meta'] as Record<string, unknown> | undefined)?.['io.modelcontextprotocol/serverInfo'])
    return { revision: REVISION, ...info, call: async (method, params) => resultOf((await stateless(method, params)).message, method) }
  }
  if (first.fetched.status === 401 || first.fetched.status === 403) throw new MeshError('unavailable', `the MCP server answers ${first.fetched.status}: it wants a credential`)
  return initialize(target)
}

async function initialize(target: McpTarget): Promise<McpSession> {
  const opened = await exchange(target, 'initialize', { protocolVersion: REVISION_BEFORE, capabilities: {}, clientInfo: CLIENT })
  const result = resultOf(opened.message, 'initialize')
  const revision = typeof result['protocolVersion'] === 'string' ? result['protocolVersion'].slice(0, 32) : REVISION_BEFORE
  const session = opened.fetched.headers['mcp-session-id']
  const headers = { 'mcp-protocol-version': revision, ...(typeof session === 'string' ? { 'mcp-session-id': session } : {}) }
  await send(target, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
  return { revision, ...serverInfo(result['serverInfo']), call: async (method, params) => resultOf((await exchange(target, method, params ?? {}, headers)).message, method) }
}

async function listTools(session: McpSession, warnings: string[]): Promise<z.infer<typeof Tool>[]> {
  const tools = new Map<string, z.infer<typeof Tool>>()
  let cursor: string | undefined
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = Tools.safeParse(await session.call('tools/list', cursor === undefined ? {} : { cursor }))
    if (!answer.success) throw new MeshError('invalid', 'tools/list did not answer a list of tools')
    for (const entry of answer.data.tools) {
      const { data } = Tool.safeParse(entry)
      if (data && !tools.has(data.name) && tools.size < TOOLS_MAX) tools.set(data.name, data)
    }
    cursor = answer.data.nextCursor
    if (cursor === undefined) return [...tools.values()]
  }
  warnings.push(`the list of tools goes on after ${PAGES_MAX} pages; the rest was left out`)
  return [...tools.values()]
}

function serverInfo(value: unknown): { serverName: string; serverVersion: string } {
  const info = z.looseObject({ name: z.string(), version: z.string().optional() }).safeParse(value).data
  return { serverName: info?.name.slice(0, 256) ?? 'MCP server', serverVersion: info?.version?.slice(0, 64) ?? '' }
}

async function exchange(target: McpTarget, method: string, params: Record<string, unknown>, headers: Record<string, string> = {}): Promise<{ fetched: Fetched; message: unknown }> {
  const fetched = await send(target, { jsonrpc: '2.0', id: 1, method, params }, headers)
  return { fetched, message: messageOfBody(fetched) }
}

function send(target: McpTarget, body: unknown, headers: Record<string, string>): Promise<Fetched> {
  return target(JSON.stringify(body), headers)
}

/** JSON, or the one message of an SSE answer; null for neither. */
function messageOfBody({ body, headers }: Fetched): unknown {
  const text = body.toString('utf8')
  if (String(headers['content-type'] ?? '').includes('text/event-stream')) {
    const answers = readAnswers()
    answers.take(text)
    answers.end()
    return answers.answer
  }
  try {
    return parseJson(text)
  } catch {
    return null // whoever asked says what it wanted
  }
}

function resultOf(message: unknown, method: string): Record<string, unknown> {
  const { data } = Answer.safeParse(message)
  if (data?.result) return data.result
  if (data?.error) throw new MeshError('unavailable', `${method} was refused with ${data.error.code}: ${(data.error.message ?? '').slice(0, 200)}`)
  throw new MeshError('unavailable', `${method} was not answered with a JSON-RPC message`)
}
