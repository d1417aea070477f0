// The command `heddle` as a person runs it, against the real API on a socket over a test database.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { Role } from '../contracts/security.ts'
import type { Db } from '../db/client.ts'
import { TEST_ORIGIN, testApi } from './api.ts'
import { cleanEnvironment, runCommand } from './heddle.ts'

/** `await using heddle = await commandLine(db)`, then `await heddle.run(['get', 'agents'])` with an admin's token. */
export async function commandLine(db: Db, home = '/nonexistent') {
  const api = await testApi(db)
  const server = createServer((request, response) => void answer(request, response, (forward) => api.app.fetch(forward)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // listening on TCP, so an address it has
  const run = (args: readonly string[], { input = '', role = 'admin', env = {} }: { input?: string; role?: Role; env?: Record<string, string> } = {}) =>
    runCommand(['server/cli/heddle.ts', ...args], { ...cleanEnvironment(), HEDDLE_URL: url, HEDDLE_TOKEN: api.tokenOf(role), HEDDLE_HOME: home, ...env }, input)
  return { api, url, run, async [Symbol.asyncDispose]() { await new Promise((resolve) => server.close(resolve)) } }
}

async function answer(request: IncomingMessage, response: ServerResponse, forward: (request: Request) => Response | Promise<Response>): Promise<void> {
  const headers = Object.entries({ ...request.headers, host: new URL(TEST_ORIGIN).host }).map(([name, value]): [string, string] => [name, String(value)])
  const bodyless = request.method === 'GET' || request.method === 'HEAD'
  const got = await forward(new Request(`${TEST_ORIGIN}${request.url}`, { method: request.method, headers, ...(!bodyless && { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' }) }))
  response.writeHead(got.status, Object.fromEntries(got.headers)).end(Buffer.from(await got.arrayBuffer()))
}
