// `/metrics`, `/health` and `/ready` of a process, on a free loopback port of its own.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectDefaultMetrics, Registry } from 'prom-client'

export interface StatusServer extends AsyncDisposable {
  port: number
  registry: Registry
}

/** `whyNotReady` answers null when the process does its work, else a sentence. */
export async function startStatusServer(role: string, whyNotReady: () => string | null): Promise<StatusServer> {
  const registry = new Registry()
  registry.setDefaultLabels({ role })
  collectDefaultMetrics({ register: registry })
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') => response.writeHead(status, { 'content-type': type }).end(text)
    if (request.method !== 'GET') return answer(405, 'only GET\n')
    switch (request.url) {
      case '/health':
        return answer(200, 'ok\n')
      case '/ready': {
        const why = whyNotReady()
        return why === null ? answer(200, 'ready\n') : answer(503, `${why}\n`)
      }
      case '/metrics':
        return void registry.metrics().then(
          (text) => answer(200, text, registry.contentType),
          () => answer(500, 'the metrics cannot be read\n'),
        )
      default:
        return answer(404, 'there is /metrics, /health and /ready\n')
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server's address is never a string
  return {
    port,
    registry,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
