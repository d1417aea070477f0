// What comes slowly, in pieces, over HTTP/2 or without end, by a route that reads tasks: real Envoys and the real model.
import { request, type IncomingMessage, type RequestListener } from 'node:http'
import { connect, type ClientHttp2Session } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Server, ServerCredentials, credentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { agent } from '../compile/fixtures.ts'
import { eventually, type Caller } from '../testing/load.ts'
import { startSemanticMesh } from '../testing/semantic-mesh.ts'

const TASKS: [string, string][] = [['please put this paragraph into Italian', 'translator'], ['can they sue us under this warranty', 'lawyer'], ['give me a recipe for tomato soup', 'cook']]

test('sixty bodies that trickle in at once all go where they should', async () => {
  await using lab = await startSemanticMesh()
  for (const [task] of TASKS) await lab.ask({ task }) // what is tried is the body, not the speed of the model
  const results = await Promise.all(Array.from({ length: 60 }, async (_, n) => {
    const [task = '', wanted] = TASKS[n % TASKS.length] ?? []
    await sleep(n * 30)
    return { wanted, got: await trickle(lab.buyer.outboundPort, JSON.stringify({ padding: 'translate the recipe of this contract', task })) }
  }))
  expect(results.filter(({ wanted, got }) => wanted !== got)).toEqual([])
}, 240_000)

test('over HTTP/2 every size is right, or the fallback; never somebody else', async () => {
  await using lab = await startSemanticMesh()
  const session = connect(`http://127.0.0.1:${lab.buyer.outboundPort}`)
  const body = (bytes: number) => JSON.stringify({ task: 'give me a recipe for tomato soup', padding: 'x'.repeat(Math.max(0, bytes - 60)) })
  const MIB = 2 ** 20
  const CASES = [[0, true, ['cook']], [65_536, true, ['cook']], [MIB - 1024, true, ['cook', 'helper']], [MIB + 1024, true, ['helper']], [4 * MIB, true, ['helper']], [65_536, false, ['cook']], [MIB - 1024, false, ['cook', 'helper']], [MIB + 1024, false, ['helper']], [4 * MIB, false, ['helper']], [8 * MIB, false, ['helper']]] as const
  for (const [bytes, says, wanted] of CASES) {
    const answer = await post(session, body(bytes), says)
    expect([bytes, says, answer.status, wanted]).toEqual([bytes, says, 200, expect.arrayContaining([answer.body])])
  }
  session.close()
}, 240_000)

test('an event stream is passed on event by event, and its first byte waits for nothing but the decision', async () => {
  await using lab = await startSemanticMesh()
  const cook = lab.agents.get('cook')?.agent.server
  let finish = () => {}
  const stream: RequestListener = (incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n')
      finish = () => void response.end('data: last\n\n')
    })
  }
  cook?.removeAllListeners('request').on('request', stream)
  const message = JSON.stringify({ method: 'SendStreamingMessage', params: { message: { parts: [{ text: 'give me a recipe for tomato soup' }] } } })
  const open = async (host: string) => {
    const began = performance.now()
    const outgoing = request({ host: '127.0.0.1', port: lab.buyer.outboundPort, method: 'POST', headers: { host, 'content-type': 'application/json' } })
    outgoing.end(message)
    const response = await new Promise<IncomingMessage>((resolve, reject) => outgoing.on('response', resolve).on('error', reject))
    const pieces: string[] = []
    const ended = new Promise((resolve) => response.on('end', resolve))
    await new Promise<void>((resolve) => response.on('data', (piece) => (pieces.push(String(piece)), resolve())))
    const firstMs = performance.now() - began
    expect(pieces.join('')).toBe('data: first\n\n') // the agent has not sent more, and will not before this is here
    finish()
    await ended
    expect(pieces.join('')).toBe('data: first\n\ndata: last\n\n')
    return firstMs
  }
  const [direct, decided]: [number[], number[]] = [[], []]
  for (let n = 0; n < 20; n++) {
    direct.push(await open('cook'))
    decided.push(await open('ask.mesh'))
  }
  expect(Math.min(...decided) - Math.min(...direct)).toBeLessThan(50)
}, 240_000)

test('a gRPC stream that speaks both ways is not held until it ends: it takes the fallback, and the decision says why', async () => {
  await using lab = await startSemanticMesh()
  const server = new Server()
  const bytes = (value: Buffer) => value
  const talk = { path: '/talk.Talk/Talk', requestStream: true, responseStream: true, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes } as const
  server.addService({ talk }, { talk: (call: ServerDuplexStream<Buffer, Buffer>) => void call.on('data', (said: Buffer) => call.write(Buffer.concat([Buffer.from('echo '), said]))).on('end', () => call.end()) })
  const agentPort = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))))
  await lab.mesh.commit([agent('talker', { protocol: 'grpc' }), lab.route({ fallback: { name: 'talker' } })])
  await lab.mesh.addProxy('talker', { agentPort })
  const client = new Client(`127.0.0.1:${lab.buyer.outboundPort}`, credentials.createInsecure(), { 'grpc.default_authority': 'ask.mesh' })
  const said = () => new Promise<string>((resolve, reject) => {
    const call = client.makeBidiStreamRequest(talk.path, bytes, bytes, { deadline: Date.now() + 5000 })
    call.on('error', reject).on('data', (answer: Buffer) => {
      call.end()
      resolve(String(answer))
    })
    call.write(Buffer.from('one'))
  })
  expect(await eventually('an answer while the stream is open', 30_000, said)).toBe('echo one')
  await eventually('the reason is stored', 10_000, async () => (await lab.db.pool.query(`select 1 from semantic_decision where reason = 'a body of type application/grpc is not read'`)).rowCount)
  client.close()
  server.forceShutdown()
}, 240_000)

/** Twelve bytes every 200 ms; gives who answered. */
async function trickle(port: number, body: string): Promise<string> {
  const outgoing = request({ port, host: '127.0.0.1', method: 'POST', headers: { host: 'ask.mesh', 'content-type': 'application/json' } })
  const answer = new Promise<string>((resolve, reject) => outgoing.on('error', reject).on('response', (response) => response.on('data', (part) => resolve(String(part)))))
  for (const part of body.match(/.{1,12}/g) ?? []) {
    outgoing.write(part)
    await sleep(200)
  }
  outgoing.end()
  return answer
}

/** With its length said, or in pieces without. */
function post(session: ClientHttp2Session, body: string, says: boolean): Promise<Pick<Awaited<ReturnType<Caller['call']>>, 'status' | 'body'>> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':authority': 'ask.mesh', 'content-type': 'application/json', ...(says ? { 'content-length': Buffer.byteLength(body) } : {}) })
    let [status, text] = [0, '']
    stream.on('response', (headers) => (status = Number(headers[':status']))).on('data', (part) => (text += String(part))).on('error', reject).on('end', () => resolve({ status, body: text }))
    stream.end(body)
  })
}
