// One look at one instance, of whichever kind. It never throws: what goes wrong is the result.
import { randomUUID } from 'node:crypto'
import { connect, isIPv6 } from 'node:net'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { CARD_PATHS } from '../contracts/card-paths.ts'
import { InstanceHealth, type Headroom, type HealthProbeSpec, type ProbeCheck, type ProbeResult } from '../contracts/health-probe.ts'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { digestOf, readA2aCard } from '../discovery/card.ts'
import { mcpOver, openMcp } from '../discovery/mcp.ts'
import { fetchOutside, parseUrl, portOf, resolveChecked, withinTime, type Fetched, type FetchOptions, type Outside } from '../fetch/fetch.ts'
import { parseJson } from '../fetch/json.ts'
import { judgeHeadroom, numberIn, sumMetric } from './headroom.ts'
import { judgeAnswer } from './judge.ts'

export interface ProbeTarget {
  outside: Outside
  /** `http://127.0.0.1:9000`; of a Unix socket any name. */
  origin: string
}

/** What a probe remembers of an instance from look to look. */
export interface ProbeMemory {
  cardDigest?: string
  rpcPath?: string
}

type Found = Pick<ProbeResult, 'ok' | 'said' | 'reason' | 'answer'>
interface Looking {
  target: ProbeTarget
  spec: HealthProbeSpec
  memory: ProbeMemory
  ask(path: string, options?: FetchOptions): Promise<Fetched>
}

const ANSWER_CHARS_MAX = 4096
/** How an agent may say of itself that it sleeps, drains or is overloaded. */
const STATE_HEADER = 'x-agent-state'
const TASK_NOT_FOUND = -32_001
const VERSION_NOT_SUPPORTED = -32_009
const METHOD_NOT_FOUND = -32_601

export async function runCheck(target: ProbeTarget, spec: HealthProbeSpec, memory: ProbeMemory): Promise<Omit<ProbeResult, 'probe'>> {
  const began = performance.now()
  const at = new Date().toISOString()
  const headers: { last: Fetched['headers'] } = { last: {} }
  const looking: Looking = {
    target,
    spec,
    memory,
    async ask(path, options = {}) {
      const fetched = await fetchOutside(target.outside, new URL(path, target.origin).href, { timeoutMs: spec.timeoutSeconds * 1000, ...options })
      headers.last = fetched.headers
      return fetched
    },
  }
  const found = await look(looking, spec.check).catch((error: unknown): Found => ({ ok: false, said: null, reason: messageOf(error) }))
  const latencyMs = performance.now() - began
  const { said, reason } = await sayOf(looking, found, headers.last)
  return { ...found, said: said ?? found.said, reason: (found.reason || reason).slice(0, 512), latencyMs, at }
}

const fine = (): Found => ({ ok: true, said: null, reason: '' })
const bad = (reason: string): Found => ({ ok: false, said: null, reason })

function look(looking: Looking, check: ProbeCheck): Promise<Found> {
  switch (check.type) {
    case 'HTTP':
      return lookHttp(looking, check)
    case 'TCP':
      return lookTcp(looking)
    case 'GRPC':
      return lookGrpc(looking, check.service)
    case 'A2ACard':
      return lookCard(looking, check.unchanged)
    case 'A2ATask':
      return lookTask(looking, check.path)
    case 'MCP':
      return lookMcp(looking, check)
    case 'Task':
      return askTask(looking, check)
  }
}

async function lookHttp({ ask }: Looking, { path, method, statuses, expect }: Extract<ProbeCheck, { type: 'HTTP' }>): Promise<Found> {
  const { status, body } = await ask(path, { method, headers: { accept: '*/*' } })
  if (!statuses.includes(status)) return bad(`${path} answers ${status}`)
  return expect ? judged(expect, body.toString('utf8')) : fine()
}

async function lookTcp({ target, spec }: Looking): Promise<Found> {
  const timeoutMs = spec.timeoutSeconds * 1000
  const signal = AbortSignal.timeout(timeoutMs)
  const place = await withinTime(signal, timeoutMs, placeOf(target))
  return new Promise((resolve) => {
    const socket = connect({ ...place, signal })
    const end = (found: Found) => {
      socket.destroy()
      resolve(found)
    }
    socket.once('connect', () => end(fine()))
    socket.once('error', (error) => end(bad(signal.aborted ? 'no connection in time' : `no connection: ${error.message}`)))
  })
}

/** The very address that was checked: a name is not asked a second time. */
async function placeOf({ outside, origin }: ProbeTarget): Promise<{ path: string } | { host: string; port: number }> {
  if (outside.socketPath !== undefined) return { path: outside.socketPath }
  const url = parseUrl(origin)
  const { address } = await resolveChecked(outside, url)
  return { host: address, port: portOf(url) }
}

/** `Check` of grpc.health.v1: one string in, one enum out. */
async function lookGrpc({ target, spec }: Looking, service: string): Promise<Found> {
  const timeoutMs = spec.timeoutSeconds * 1000
  const deadline = Date.now() + timeoutMs
  const place = await withinTime(AbortSignal.timeout(timeoutMs), timeoutMs, placeOf(target))
  const to = 'path' in place ? `unix:${place.path}` : isIPv6(place.host) ? `ipv6:[${place.host}]:${place.port}` : `ipv4:${place.host}:${place.port}`
  const client = new Client(to, credentials.createInsecure(), { 'grpc.default_authority': new URL(target.origin).host, 'grpc.enable_retries': 0, 'grpc.use_local_subchannel_pool': 1 })
  const name = Buffer.from(service)
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
  const bytes = (value: Buffer) => value
  try {
    return await new Promise<Found>((resolve) => {
      client.makeUnaryRequest('/grpc.health.v1.Health/Check', bytes, bytes, message, new Metadata(), { deadline }, (error, answer) => {
        if (error) return resolve(bad(`the health service does not answer: ${error.details || error.message}`))
        const status = answer?.[0] === 0x08 ? (answer[1] ?? 0) : 0
        resolve(status === 1 ? fine() : bad(`the health service says ${['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][status] ?? status}`))
      })
    })
  } finally {
    client.close()
  }
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, Math.floor(value / 128)] // names have at most 256 bytes
}

async function lookCard({ ask, memory }: Looking, unchanged: boolean): Promise<Found> {
  const document = await readDocument(ask)
  const card = readA2aCard(document)
  const digest = digestOf(document)
  memory.cardDigest ??= digest
  if (unchanged && memory.cardDigest !== digest) return bad('the card is not the one of the first look')
  return card.capabilities.length === 0 ? { ...fine(), reason: 'the card names no skill' } : fine()
}

async function readDocument(ask: Looking['ask']): Promise<unknown> {
  for (const path of CARD_PATHS) {
    const { status, body } = await ask(path, { headers: { 'a2a-version': '1.0' } })
    if (status === 200) return parseJson(body.toString('utf8'))
    if (status !== 404) throw new MeshError('unavailable', `the card at ${path} answers ${status}`)
  }
  throw new MeshError('not_found', 'the agent serves no card')
}

/** 1.0 first; an agent that speaks 0.3 alone says so, and is asked its way. */
async function lookTask(looking: Looking, path?: string): Promise<Found> {
  const id = randomUUID()
  const first = await rpc(looking, path, 'GetTask', { id }, { 'a2a-version': '1.0' })
  const code = first.code === VERSION_NOT_SUPPORTED || first.code === METHOD_NOT_FOUND ? (await rpc(looking, path, 'tasks/get', { id }, {})).code : first.code
  return code === TASK_NOT_FOUND ? fine() : bad(code === null ? `a task that does not exist is answered with ${first.status}, not with “task not found”` : `a task that does not exist is answered with the error ${code}`)
}

async function rpc(looking: Looking, path: string | undefined, method: string, params: unknown, headers: Record<string, string>): Promise<{ status: number; code: number | null; text: string }> {
  const to = path ?? (looking.memory.rpcPath ??= await rpcPath(looking))
  const { status, body } = await looking.ask(to, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })
  const text = body.toString('utf8')
  const message = readOrNull(text) as { error?: { code?: unknown } } | null // read with care below
  const code = message?.error?.code
  return { status, code: typeof code === 'number' ? code : null, text }
}

/** Where the card says that JSON-RPC is spoken. */
async function rpcPath({ ask }: Looking): Promise<string> {
  const { interfaces } = readA2aCard(await readDocument(ask))
  const found = interfaces.find((one) => one.binding.toUpperCase() === 'JSONRPC')
  return (found && URL.parse(found.url)?.pathname) ?? '/'
}

function readOrNull(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return null
  }
}

async function lookMcp({ target, spec }: Looking, { path, operation, tool }: Extract<ProbeCheck, { type: 'MCP' }>): Promise<Found> {
  const session = await openMcp(mcpOver(target.outside, new URL(path, target.origin).href, {}, spec.timeoutSeconds * 1000))
  if (operation === 'ping' && tool === undefined) return fine()
  const { tools } = await session.call('tools/list')
  const names = Array.isArray(tools) ? tools.map((one) => (typeof one === 'object' && one !== null && 'name' in one ? String(one.name) : '')) : []
  if (tool !== undefined) return names.includes(tool) ? fine() : bad(`the tool “${tool}” is not offered`)
  return names.length > 0 ? fine() : bad('no tool is offered')
}

async function askTask(looking: Looking, { protocol, path, text, expect }: Extract<ProbeCheck, { type: 'Task' }>): Promise<Found> {
  if (protocol === 'http') {
    const { status, body } = await looking.ask(path ?? '/', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ task: text }) })
    return status === 200 ? judged(expect, body.toString('utf8')) : bad(`the task is answered with ${status}`)
  }
  const modern = { message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }] } }
  const first = await rpc(looking, path, 'SendMessage', modern, { 'a2a-version': '1.0' })
  const older = { message: { messageId: randomUUID(), kind: 'message', role: 'user', parts: [{ kind: 'text', text }] } }
  const answer = first.code === VERSION_NOT_SUPPORTED || first.code === METHOD_NOT_FOUND ? await rpc(looking, path, 'message/send', older, {}) : first
  if (answer.status !== 200 || answer.code !== null) return bad(answer.code === null ? `the task is answered with ${answer.status}` : `the task is answered with the error ${answer.code}`)
  return judged(expect, answer.text)
}

/** What is about meaning is judged by control, which has the model. */
function judged(expect: NonNullable<Extract<ProbeCheck, { type: 'HTTP' }>['expect']>, text: string): Found {
  const wrong = judgeAnswer(expect, text)
  if (wrong !== null) return bad(wrong)
  return expect.similarTo === undefined ? fine() : { ...fine(), answer: wordsOf(text).slice(0, ANSWER_CHARS_MAX) }
}

/** Of a JSON answer its longest strings stand for what it says. */
function wordsOf(text: string): string {
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value === 'string') found.push(value)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk)
  }
  walk(readOrNull(text) ?? text)
  return found.toSorted((a, b) => b.length - a.length).slice(0, 3).join(' ')
}

/** What the agent says of itself: in words, or by a number that comes near its limit. A metric that cannot be read is no failure of the agent, and is said. */
async function sayOf({ ask, spec: { headroom } }: Looking, { ok }: Found, headers: Fetched['headers']): Promise<{ said: InstanceHealth | null; reason: string }> {
  const own = InstanceHealth.safeParse(headers[STATE_HEADER])
  if (own.success) return { said: own.data, reason: '' }
  if (!headroom) return { said: null, reason: '' }
  if (!headroom.metric) return { said: judgeNumber(headroom, headroom.header === undefined ? null : numberIn(headers, headroom.header)), reason: '' }
  if (!ok) return { said: null, reason: '' } // that it fails says more
  const { path, name } = headroom.metric
  try {
    const { status, body } = await ask(path, { headers: { accept: 'text/plain' } })
    const value = status === 200 ? sumMetric(body.toString('utf8'), headroom.metric) : null
    if (value === null) return { said: null, reason: status === 200 ? `${path} has no metric ${name} with these labels` : `${path} answers ${status}, so ${name} is not known` }
    const said = judgeNumber(headroom, value)
    return { said, reason: said === null ? '' : `${name} is ${value}` }
  } catch (error) {
    return { said: null, reason: `${name} cannot be read: ${messageOf(error)}` }
  }
}

const judgeNumber = (headroom: Headroom, value: number | null) => (value === null ? null : judgeHeadroom(headroom, value))
