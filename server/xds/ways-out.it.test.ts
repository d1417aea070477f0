// How an agent's ordinary HTTP client goes out: the sidecar's port as base address, as HTTP proxy, and by CONNECT.
import { createServer, request, type IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { fetch as undiciFetch, ProxyAgent } from 'undici'
import { agent } from '../compile/fixtures.ts'
import { testDatabase } from '../testing/database.ts'
import { eventually } from '../testing/load.ts'
import { startNativeMesh } from '../testing/native-mesh.ts'

test('a client with an HTTP proxy set reaches the mesh by CONNECT and by absolute addresses, and the outside too', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('caller'), agent('callee')])
  const caller = await mesh.addProxy('caller')
  const callee = await mesh.addProxy('callee')
  const proxy = `http://127.0.0.1:${caller.outboundPort}`

  const tunnelled = await undiciFetch('http://callee.default.mesh/by-connect', { dispatcher: new ProxyAgent({ uri: proxy, proxyTunnel: true }) })
  expect([tunnelled.status, await tunnelled.text()]).toEqual([200, 'v1'])
  expect((await absolute(caller.outboundPort, 'http://callee.default.mesh/absolute')).statusCode).toBe(200)
  expect(callee.agent.received.map((one) => one.path)).toEqual(['/by-connect', '/absolute'])
  for (const one of callee.agent.received) expect(one.headers['x-forwarded-client-cert']).toContain('URI=spiffe://mesh.test/ns/default/agent/caller')

  // The outside: this machine under its own name, which the mesh does not know.
  const outside = createServer((_, response) => response.end('outside'))
  await new Promise<void>((resolve) => outside.listen(0, resolve))
  const port = (outside.address() as AddressInfo).port // a TCP server's address is never a string
  expect((await absolute(caller.outboundPort, `http://${hostname()}:${port}/`)).statusCode, caller.log()).toBe(200)
  const through = await undiciFetch(`http://${hostname()}:${port}/`, { dispatcher: new ProxyAgent({ uri: proxy, proxyTunnel: true }) })
  expect(await through.text()).toBe('outside')
  expect(await caller.stat('cluster.external.upstream_cx_total')).toBeGreaterThan(0)
  outside.close()
})

function absolute(port: number, url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: url, headers: { host: new URL(url).host } }, (response) => {
      response.resume()
      response.on('end', () => resolve(response))
    })
      .on('error', reject)
      .end()
  })
}

test('spans name both identities, the route and the path, and carry no query string', async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([agent('teller'), agent('listener')])
  const teller = await mesh.addProxy('teller')
  await mesh.addProxy('listener')
  for (let call = 0; call < 6; call++) expect((await teller.out.call('listener.default.mesh', { path: '/tell/me?token=SECRET' })).status).toBe(200)
  const text = () => Buffer.concat(mesh.exported).toString('latin1')
  await eventually('the spans of both sides', 15_000, () => text().includes('heddle.callee') && text().includes('inbound'))
  for (const said of ['spiffe://mesh.test/ns/default/agent/teller', 'spiffe://mesh.test/ns/default/agent/listener', 'heddle.route', 'default/listener/v1', '/tell/me', 'listener.default']) expect(text()).toContain(said)
  expect(text()).not.toContain('SECRET')
  expect(await teller.stat('server.dynamic_unknown_fields')).toBe(0)
})
