// What agents send for long or in bulk, through two sidecars with mutual TLS: events, WebSockets, gRPC of all four kinds, 100 MB.
import { createHash } from 'node:crypto'
import { request, type IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { Client, Server, ServerCredentials, credentials, type ServerDuplexStream, type ServerReadableStream, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js'
import { WebSocket, WebSocketServer } from 'ws'
import { expect, test } from 'vitest'
import { agent } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'

const HOST = 'callee.default.mesh'

test('events come one by one, WebSockets speak both ways, and 100 MB go up and down whole', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('callee')])
  const caller = await mesh.addProxy('caller')
  const callee = await mesh.addProxy('callee')
  const { server } = callee.agent
  server.removeAllListeners('request')
  server.on('request', (incoming, response) => {
    if (incoming.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      let sent = 0
      const timer = setInterval(() => {
        response.write(`data: ${++sent}\n\n`)
        if (sent === 5) (clearInterval(timer), response.end())
      }, 200)
    } else if (incoming.url === '/up') {
      const hash = createHash('sha256')
      incoming.on('data', (part: Buffer) => hash.update(part)).on('end', () => response.end(hash.digest('hex')))
    } else void pipeline(Readable.from(bulk()), response)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
  const open = (path: string, method = 'GET', body?: Readable) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: caller.outboundPort, path, method, headers: { host: HOST } }, resolve).on('error', reject)
      if (body) body.pipe(outgoing)
      else outgoing.end()
    })

  const arrivals: number[] = []
  for await (const _ of await open('/events')) arrivals.push(performance.now())
  expect(arrivals.length).toBe(5)
  expect(arrivals.at(-1)! - arrivals[0]!).toBeGreaterThan(600) // five of them, 200 ms apart: not held back to the end

  const socket = new WebSocket(`ws://127.0.0.1:${caller.outboundPort}/socket`, { headers: { host: HOST } })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  for (const said of ['one', Buffer.alloc(300_000, 7)]) {
    const answer = new Promise<Buffer>((resolve) => socket.once('message', (data) => resolve(data as Buffer))) // one buffer is ws's default
    socket.send(said)
    expect(Buffer.compare(await answer, Buffer.from(said))).toBe(0)
  }
  socket.close()
  sockets.close()

  const expected = createHash('sha256')
  for (const part of bulk()) expected.update(part)
  const whole = expected.digest('hex')
  let told = ''
  for await (const part of await open('/up', 'POST', Readable.from(bulk()))) told += String(part)
  expect(told).toBe(whole)
  const down = createHash('sha256')
  for await (const part of await open('/down')) down.update(part as Buffer) // no encoding is set
  expect(down.digest('hex')).toBe(whole)
  expect(await callee.stat('http.inbound.downstream_cx_ssl_total')).toBeGreaterThan(0)
}, 90_000)

/** 100 MB that differ from place to place. */
function* bulk(): Generator<Buffer> {
  for (let index = 0; index < 100; index++) yield Buffer.alloc(1_000_000, index)
}

test('gRPC of all four kinds, with trailers, through both sidecars', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  const bytes = { requestSerialize: (value: Buffer) => value, requestDeserialize: (value: Buffer) => value, responseSerialize: (value: Buffer) => value, responseDeserialize: (value: Buffer) => value }
  const method = (name: string, requestStream: boolean, responseStream: boolean) => ({ path: `/loom.Weaver/${name}`, requestStream, responseStream, ...bytes })
  const server = new Server()
  server.addService(
    { one: method('One', false, false), up: method('Up', true, false), down: method('Down', false, true), both: method('Both', true, true), fail: method('Fail', false, false) },
    {
      one: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => done(null, Buffer.from(`one ${String(call.request)}`)),
      up: (call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
        let sum = 0
        call.on('data', (part: Buffer) => (sum += Number(part))).on('end', () => done(null, Buffer.from(String(sum))))
      },
      down: (call: ServerWritableStream<Buffer, Buffer>) => {
        for (let count = 0; count < Number(call.request); count++) call.write(Buffer.from(String(count)))
        call.end()
      },
      both: (call: ServerDuplexStream<Buffer, Buffer>) => call.on('data', (part: Buffer) => call.write(Buffer.from(String(part).toUpperCase()))).on('end', () => call.end()),
      fail: (_: unknown, done: sendUnaryData<Buffer>) => done({ code: 9, details: 'not in this pattern' }),
    },
  )
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))))
  await mesh.commit([agent('caller'), agent('callee', { protocol: 'grpc' })])
  const caller = await mesh.addProxy('caller')
  await mesh.addProxy('callee', { agentPort: port })
  const client = new Client(`127.0.0.1:${caller.outboundPort}`, credentials.createInsecure(), { 'grpc.default_authority': HOST })
  const same = (value: Buffer) => value
  const unary = (name: string, text: string) => new Promise<string>((resolve, reject) => client.makeUnaryRequest(`/loom.Weaver/${name}`, same, same, Buffer.from(text), (error, value) => (error ? reject(error) : resolve(String(value)))))
  expect(await unary('One', 'thread')).toBe('one thread')
  await expect(unary('Fail', '')).rejects.toMatchObject({ code: 9, details: 'not in this pattern' })
  const up = await new Promise<string>((resolve, reject) => {
    const call = client.makeClientStreamRequest('/loom.Weaver/Up', same, same, (error, value) => (error ? reject(error) : resolve(String(value))))
    for (let count = 1; count <= 100; count++) call.write(Buffer.from(String(count)))
    call.end()
  })
  expect(up).toBe('5050')
  const down: string[] = []
  for await (const part of client.makeServerStreamRequest('/loom.Weaver/Down', same, same, Buffer.from('50'))) down.push(String(part))
  expect(down).toEqual(Array.from({ length: 50 }, (_, index) => String(index)))
  const both = client.makeBidiStreamRequest('/loom.Weaver/Both', same, same)
  const heard = both[Symbol.asyncIterator]() as AsyncIterator<Buffer> // what `same` makes
  for (const word of ['warp', 'weft']) {
    both.write(Buffer.from(word))
    expect(String((await heard.next()).value)).toBe(word.toUpperCase()) // answered while the call is open
  }
  both.end()
  expect((await heard.next()).done).toBe(true)
  client.close()
  server.forceShutdown()
}, 60_000)
