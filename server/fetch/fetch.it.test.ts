// What must never be reached, and what a hostile server may try. Each server here counts the connections it got.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ALLOW_NOTHING, isPublic, parseAllowList } from './addresses.ts'
import { fetchOutside, type Outside } from './fetch.ts'
import { parseJson } from './json.ts'

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  let connections = 0
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server's address is never a string
  return {
    port,
    url: `http://127.0.0.1:${port}/card`,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const closed: Outside = { allow: ALLOW_NOTHING }
const loopback: Outside = { allow: parseAllowList('127.0.0.0/8') }

test.each([
  'http://127.0.0.1:PORT/', 'http://127.1:PORT/', 'http://2130706433:PORT/', 'http://0x7f000001:PORT/', 'http://017700000001:PORT/', 'http://0177.0.0.1:PORT/',
  'http://0.0.0.0:PORT/', 'http://0:PORT/', 'http://localhost:PORT/', 'http://localhost.:PORT/', 'http://[::1]:PORT/', 'http://[::]:PORT/', 'http://[::ffff:127.0.0.1]:PORT/', 'http://[::ffff:7f00:1]:PORT/',
  'http://１２７.0.0.1:PORT/', 'http://user@127.0.0.1:PORT/', 'http://example.com@127.0.0.1:PORT/', 'http://user:word@example.com/',
  'http://169.254.169.254/latest/meta-data/', 'http://[fd00:ec2::254]/', 'http://[fe80::1]/', 'http://[fc00::1]/', 'http://10.0.0.1/', 'http://172.16.0.1/', 'http://172.31.255.255/', 'http://192.168.1.1/', 'http://100.64.0.1/', 'http://198.18.0.1/',
  'http://224.0.0.1/', 'http://255.255.255.255/', 'http://[2002:7f00:1::]/', 'http://[64:ff9b::7f00:1]/', 'http://[2001:db8::1]/', 'http://[ff02::1]/',
  'file:///etc/passwd', 'gopher://127.0.0.1:PORT/', 'ftp://127.0.0.1/', 'unix:/run/x.sock', 'javascript:alert(1)', 'data:text/plain,x', '//127.0.0.1:PORT/', 'not a url', '', `http://example.com/${'a'.repeat(3000)}`,
])('%s is refused before a connection is made', async (template) => {
  await using victim = await serve((_, response) => response.end('{}'))
  await expect(fetchOutside(closed, template.replace('PORT', String(victim.port)))).rejects.toMatchObject({ code: expect.stringMatching(/^(forbidden|bad_request)$/) })
  expect(victim.connections).toBe(0)
})

test('public addresses are told from all others', () => {
  expect(['1.1.1.1', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8'].map(isPublic)).toEqual(Array(6).fill(true))
  expect(['::ffff:10.0.0.1', '0.1.2.3', '192.0.0.8', '::', '::1', 'fe80::1%eth0', 'nonsense', '2001::1', '3fff::1'].map(isPublic)).toEqual(Array(9).fill(false))
})

test('an operator allows networks, names and ports; everything else stays refused', async () => {
  await using server = await serve((_, response) => response.end('{"ok":true}'))
  for (const entry of ['127.0.0.1', '127.0.0.0/8', `127.0.0.1:${server.port}`]) {
    const { status, body } = await fetchOutside({ allow: parseAllowList(`example.org, ${entry}`) }, server.url)
    expect([status, String(body)]).toEqual([200, '{"ok":true}'])
  }
  const byName = { allow: parseAllowList('*.cards.test'), resolve: async () => [{ address: '127.0.0.1', family: 4 }] }
  expect((await fetchOutside(byName, `http://a.cards.test:${server.port}/`)).status).toBe(200)
  await expect(fetchOutside(byName, `http://cards.test.evil:${server.port}/`)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(fetchOutside({ allow: parseAllowList('127.0.0.1:1') }, server.url)).rejects.toMatchObject({ code: 'forbidden' })
  for (const bad of ['10.0.0.0/33', '300.1.1.1/8', 'a b', '*', '::1/200']) expect(() => parseAllowList(bad), bad).toThrow('HEDDLE_FETCH_ALLOW')
})

test('a name is resolved once: what it answers the second time does not matter', async () => {
  await using server = await serve((_, response) => response.end('{}'))
  let asked = 0
  const rebinding: Outside = { allow: ALLOW_NOTHING, resolve: async () => [{ address: asked++ === 0 ? '203.0.114.1' : '127.0.0.1', family: 4 }] }
  await expect(fetchOutside(rebinding, `http://rebind.test:${server.port}/`, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'unavailable' })
  expect([asked, server.connections]).toEqual([1, 0])
  const both: Outside = { allow: ALLOW_NOTHING, resolve: async () => [{ address: '93.184.216.34', family: 4 }, { address: '127.0.0.1', family: 4 }] }
  await expect(fetchOutside(both, `http://both.test:${server.port}/`)).rejects.toMatchObject({ code: 'forbidden' })
})

test('redirects are not followed; where they are asked for each is checked, and a circle ends', async () => {
  await using victim = await serve((_, response) => response.end('secret'))
  await using server = await serve((request, response) => {
    const to = { '/away': 'http://169.254.169.254/', '/local': victim.url, '/circle': '/circle', '/file': 'file:///etc/passwd' }[request.url ?? ''] ?? '/'
    response.writeHead(302, { location: to }).end()
  })
  const one: Outside = { allow: parseAllowList(`127.0.0.1:${server.port}`) }
  const origin = `http://127.0.0.1:${server.port}`
  await expect(fetchOutside(one, `${origin}/local`)).rejects.toThrow('not followed')
  await expect(fetchOutside(one, `${origin}/local`, { redirectsMax: 3 })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(fetchOutside(one, `${origin}/away`, { redirectsMax: 3 })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(fetchOutside(one, `${origin}/file`, { redirectsMax: 3 })).rejects.toMatchObject({ code: 'bad_request' })
  await expect(fetchOutside(one, `${origin}/circle`, { redirectsMax: 3 })).rejects.toThrow('more than 3')
  expect(victim.connections).toBe(0)
})

test('credentials do not follow a redirect to another origin', async () => {
  let seen: string | undefined
  await using other = await serve((request, response) => {
    seen = request.headers.authorization
    response.end('{}')
  })
  await using server = await serve((_, response) => response.writeHead(307, { location: other.url }).end())
  await fetchOutside(loopback, server.url, { redirectsMax: 1, headers: { authorization: 'Bearer x' } })
  expect(seen).toBeUndefined()
})

const chunk = Buffer.alloc(65_536, 'x')
const bomb = gzipSync(Buffer.alloc(100 * 2 ** 20))
const hostile: [string, RequestListener, RegExp][] = [
  ['100 MB said and sent', (_, response) => void endless(response.writeHead(200, { 'content-length': 100 * 2 ** 20 })), /larger than 1048576/],
  ['endless', (_, response) => void endless(response.writeHead(200)), /larger than 1048576/],
  ['a gzip bomb', (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb), /larger than 1048576/],
  ['an unknown encoding', (_, response) => void response.writeHead(200, { 'content-encoding': 'br' }).end('x'), /encoded as br/],
  ['slow bytes', (_, response) => void setInterval(() => response.write('x'), 50).unref(), /no whole answer within 1 s/],
  ['silence', () => {}, /no whole answer within 1 s/],
  ['a cut answer', (_, response) => void response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy()), /did not answer/],
  ['a broken gzip', (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip at all'), /did not answer/],
]

function endless(response: { write(part: Buffer): boolean; once(event: 'drain', listener: () => void): unknown; destroyed: boolean }) {
  if (!response.destroyed) response.write(chunk) ? setImmediate(() => endless(response)) : response.once('drain', () => endless(response))
}

test.each(hostile)('%s ends bounded, in time, with a sentence', async (_, listener, sentence) => {
  await using server = await serve(listener)
  const began = Date.now()
  const before = process.memoryUsage().rss
  await expect(fetchOutside(loopback, server.url, { timeoutMs: 1000 })).rejects.toThrow(sentence)
  expect(Date.now() - began).toBeLessThan(5000)
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
})

test('deep JSON and text that is none are refused', () => {
  expect(() => parseJson('['.repeat(1e6))).toThrow('nested deeper')
  expect(() => parseJson(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)).toThrow('nested deeper')
  expect(() => parseJson('<html>')).toThrow('not JSON')
  expect(parseJson('{"a":"[[[[\\"[["}')).toEqual({ a: '[[[["[[' })
})
