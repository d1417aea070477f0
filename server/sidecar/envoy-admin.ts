// The few things that a sidecar asks of its Envoy's admin interface.
import { request } from 'node:http'
import type { Verdict } from './readiness.ts'

const ANSWER_MS = { own: 1000, people: 5000 }

export interface AdminAnswer {
  ok: boolean
  text: string
}

export interface EnvoyAdmin {
  /** Ready once it has its first configuration; silent is one that does not answer in time, a stopped one above all. */
  readiness(): Promise<Verdict>
  /** Requests in flight, both ways. */
  countActive(): Promise<number>
  /** For questions of people; longer than what the sidecar itself asks. */
  ask(path: string, method?: 'GET' | 'POST'): Promise<AdminAnswer>
  /** Says `connection: close` to whoever calls, and goes on serving. */
  failHealthCheck(): Promise<void>
}

export function envoyAdmin(at: { port: number } | { socket: string }): EnvoyAdmin {
  const ask = (path: string, method: 'GET' | 'POST' = 'GET') => askAdmin(at, { path, method, withinMs: ANSWER_MS.own })
  return {
    ask: (path, method = 'GET') => askAdmin(at, { path, method, withinMs: ANSWER_MS.people }),
    readiness: () =>
      ask('/ready').then(
        ({ ok }) => (ok ? 'ready' : 'refused'),
        (error: unknown) => (error instanceof Silence ? 'silent' : 'refused'),
      ),
    async countActive() {
      const { text } = await ask('/stats?usedonly&filter=^http\\.(inbound|outbound|gateway)\\.downstream_rq_active$')
      return [...text.matchAll(/: (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0)
    },
    async failHealthCheck() {
      await ask('/healthcheck/fail', 'POST')
    },
  }
}

class Silence extends Error {}

function askAdmin(at: { port: number } | { socket: string }, { path, method, withinMs }: { path: string; method: 'GET' | 'POST'; withinMs: number }): Promise<AdminAnswer> {
  const where = 'port' in at ? { host: '127.0.0.1', port: at.port } : { socketPath: at.socket }
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, path, method, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ ok: response.statusCode === 200, text }))
      response.on('error', reject)
    })
    const late = setTimeout(() => asked.destroy(new Silence(`no answer within ${withinMs} ms`)), withinMs)
    asked.on('close', () => clearTimeout(late))
    asked.on('error', reject)
    asked.end()
  })
}
