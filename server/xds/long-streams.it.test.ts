// Answers that take their time, upgrades, and what an edit does to them: nothing.
import { get, type ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { agent, agentVersion, policy, split, trafficPolicy } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { eventually } from '../testing/load.ts'
import { startNativeMesh, type TestProxy } from '../testing/native-mesh.ts'

test('an event stream and a web socket live through edits of routes, callers, limits, certificates and endpoints, and the first byte does not wait', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('viewer'), agent('source'), agentVersion('source', 'v1'), agentVersion('source', 'v2')])
  const viewer = await mesh.addProxy('viewer')
  const source = await mesh.addProxy('source')
  let isOver = false
  let count = 0
  source.agent.server.removeAllListeners('request')
  source.agent.server.on('request', (_, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => {
      response.write(`data: ${++count}\n\n`)
      if (!isOver) return
      clearInterval(timer)
      response.end()
    }, 100)
  })
  const sockets = new WebSocketServer({ server: source.agent.server })
  sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(`echo ${String(message)}`)))

  const began = performance.now()
  let firstByteMs = 0
  let text = ''
  const stream = new Promise<void>((resolve, reject) => {
    get({ host: '127.0.0.1', port: viewer.outboundPort, headers: { host: 'source.default.mesh' } }, (response) => {
      response.on('data', (chunk) => {
        firstByteMs ||= performance.now() - began
        text += String(chunk)
      })
      response.on('end', resolve).on('error', reject)
    }).on('error', reject)
  })
  const socket = new WebSocket(`ws://127.0.0.1:${viewer.outboundPort}/chat`, { headers: { host: 'source.default.mesh' } })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const echo = (message: string) => new Promise((resolve) => {
    socket.once('message', (answer) => resolve(String(answer)))
    socket.send(message)
  })
  expect(await echo('before')).toBe('echo before')

  await mesh.accepted(await mesh.commit([split('source', { v1: 1, v2: 0 })]))
  await mesh.accepted(await mesh.commit([policy('viewers', { targetRefs: [{ name: 'source' }], action: 'Allow', rules: [{ from: [{ agents: ['viewer'] }] }] })]))
  await mesh.accepted(await mesh.commit([trafficPolicy('source', { targetRefs: [{ name: 'source' }], circuitBreaker: { maxRequests: 50, maxPendingRequests: 20 }, connections: { idleTimeout: '10m' }, outlierDetection: { consecutive5xx: 3 }, rateLimit: { requests: 50, per: '1s', perCaller: true } })]))
  const before = await Promise.all([viewer, source].map(serial))
  await mesh.renew()
  for (const [index, proxy] of [viewer, source].entries()) await eventually('the new certificate', 5000, async () => (await serial(proxy)) !== before[index])
  await mesh.addProxy('source')
  expect(await echo('after')).toBe('echo after')
  isOver = true
  await stream
  expect(text.match(/data: \d+/g)).toEqual(Array.from({ length: count }, (_, index) => `data: ${index + 1}`))
  expect(firstByteMs).toBeLessThan(2500) // the stream itself takes longer
  expect(await viewer.stat('listener_manager.total_filter_chains_draining')).toBe(0)
  expect(await source.stat('listener_manager.listener_modified')).toBe(0)
  socket.close()
  sockets.close()
})

/** Of the certificate that it shows. */
async function serial(proxy: TestProxy): Promise<string> {
  return /"cert_chain": \[\s*\{[^{}]*?"serial_number": "([0-9a-f]+)"/.exec(await proxy.admin('/certs'))?.[1] ?? ''
}

test('a changed cluster gets its endpoints again at once', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('customer'), agent('shop')])
  const customer = await mesh.addProxy('customer')
  const shop = await mesh.addProxy('shop')
  expect((await customer.out.call('shop')).status).toBe(200)
  const before = await customer.stat('cluster_manager.cluster_modified')
  await mesh.accepted(await mesh.commit([agent('shop', { instances: [{ address: '127.0.0.1', port: shop.agent.port }] })]), 4000)
  await eventually('the changed cluster', 2000, async () => (await customer.stat('cluster_manager.cluster_modified')) > before)
  expect(await customer.stat('cluster.default/shop/v1.init_fetch_timeout')).toBe(0)
  expect(await customer.stat('cluster.default/shop/v1.assignment_use_cached')).toBe(0)
  for (let call = 0; call < 20; call++) expect((await customer.out.call('shop')).status).toBe(200)
  expect(shop.agent.received.filter((one) => one.headers['x-forwarded-client-cert'] === undefined).length).toBeGreaterThan(0)
})
