// The agents without the mesh: a plain forwarding proxy stands where the sidecars would, and writes their header.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FLEET } from './fleet.ts'
import { ToRunner } from './runner-messages.ts'

const spiffe = (name: string) => `spiffe://mesh.local/ns/default/agent/${name}`
const children: ChildProcess[] = []
let directory: string
let proxy: Server

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-sample-'))
  proxy = createServer((request, response) => forward(request.url ?? '/', request, response))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const outbound = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  await Promise.all(FLEET.map((member) => start(member.role, member.versions.at(-1) ?? 'v1', outbound)))
})

afterAll(async () => {
  await Promise.all(children.map((child) => child.kill('SIGTERM') && once(child, 'exit')))
  proxy.closeAllConnections()
  proxy.close()
  await rm(directory, { recursive: true, force: true })
})

test('a task goes through every agent, and the translator says its version all the way up', async () => {
  const answer = await post('gateway', '/', { task: 'Explain tides in German' })
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({ versions: { translator: 'v2' }, contextId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  expect(answer.body.result).toContain('Mond')
  expect(answer.headers['x-heddle-agent-version']).toBe('v2')
})

test('A2A 1.0 and 0.3 messages are both answered', async () => {
  const modern = await post('translator', '/', { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'Translate into French: the old bridge' }] } } }, { 'a2a-version': '1.0' })
  expect(modern.body.result.message.parts[0].text).toBe('le vieux pont')
  const legacy = await post('translator', '/', { jsonrpc: '2.0', id: 1, method: 'message/send', params: { message: { kind: 'message', messageId: 'm2', role: 'user', parts: [{ kind: 'text', text: 'Translate into Spanish: the old bridge' }] } } })
  expect(legacy.body.result).toMatchObject({ kind: 'message', role: 'agent', parts: [{ kind: 'text', text: 'el viejo puente' }] })
})

test('one task calls the translator exactly once', async () => {
  const before = await posted('translator')
  await Promise.all([1, 2, 3].map(() => post('gateway', '/', { task: 'Explain bees in French' })))
  expect(await posted('translator')).toBe(before + 3)
})

test('a request without the header of the own sidecar is refused and counted apart', async () => {
  const bare = await post('writer', '/', {}, {}, '')
  expect(bare).toMatchObject({ status: 403, body: { error: { message: expect.stringContaining('own sidecar') } } })
  const wrong = await post('writer', '/', {}, {}, `By=${spiffe('translator')};URI=${spiffe('orchestrator')}`)
  expect(wrong.status).toBe(403)
})

test('the failure knob fails the wanted share, and the task answers 502', async () => {
  childOf('sample-llm').send({ kind: 'failureShare', share: 1 })
  expect((await post('gateway', '/', { task: 'Explain salt' })).status).toBe(502)
  childOf('sample-llm').send({ kind: 'failureShare', share: 0 })
  expect((await post('gateway', '/', { task: 'Explain salt' })).status).toBe(200)
})

test('bad input at the gateway gets 400 and a sentence', async () => {
  for (const body of [{}, { task: '' }, { task: 'x', more: 1 }, 'not json']) expect((await post('gateway', '/', body)).status).toBe(400)
})

async function start(name: string, version: string, outbound: string) {
  const args = ['server/sample/agent.ts', '--role', 'agent', '--name', name, '--version', version, '--socket', join(directory, name), '--outbound', outbound, '--spiffe-id', spiffe(name)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, OTEL_SDK_DISABLED: 'true' } })
  children.push(child)
  const [message] = await once(child, 'message')
  expect(ToRunner.parse(message).kind).toBe('listening')
}

function childOf(name: string): ChildProcess {
  const child = children.find((candidate) => candidate.spawnargs.includes(name))
  if (!child) throw new Error(`no ${name}`)
  return child
}

async function posted(name: string): Promise<number> {
  const child = childOf(name)
  child.send({ kind: 'report' })
  const [raw] = await once(child, 'message')
  const message = ToRunner.parse(raw)
  if (message.kind !== 'counts') throw new Error('no counts')
  return message.received.filter(({ path }) => path === '/').reduce((sum, { ok, error }) => sum + ok + error, 0)
}

function forward(url: string, request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) {
  const target = new URL(url)
  const name = target.hostname.split('.')[0] ?? ''
  const headers = { ...request.headers, 'x-forwarded-client-cert': `By=${spiffe(name)};Hash=00;URI=${spiffe('caller')}` }
  const onward = httpRequest({ socketPath: join(directory, name), path: target.pathname, method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.writeHead(503).end())
  request.pipe(onward)
}

interface Answer {
  status: number
  headers: import('node:http').IncomingHttpHeaders
  // eslint-disable-next-line -- an answer of any shape is what these tests look into
  body: any
}

function post(name: string, path: string, body: unknown, headers: Record<string, string> = {}, xfcc = `By=${spiffe(name)};URI=${spiffe('tester')}`): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const own = { 'content-type': 'application/json', ...(xfcc ? { 'x-forwarded-client-cert': xfcc } : {}), ...headers }
    const request = httpRequest({ socketPath: join(directory, name), path, method: 'POST', headers: own }, async (response) => {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text === '' ? null : JSON.parse(text) })
    })
    request.on('error', reject)
    request.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}
