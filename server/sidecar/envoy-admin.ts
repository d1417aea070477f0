// The few things that a sidecar asks of its Envoy's admin port.
import type { Verdict } from './readiness.ts'

const ANSWER_MS = 1000

export interface EnvoyAdmin {
  /** Ready once it has its first configuration; silent is one that does not answer in time, a stopped one above all. */
  readiness(): Promise<Verdict>
  /** Requests in flight, both ways. */
  countActive(): Promise<number>
  /** Says `connection: close` to whoever calls, and goes on serving. */
  failHealthCheck(): Promise<void>
}

export function envoyAdmin(port: number): EnvoyAdmin {
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, signal: AbortSignal.timeout(ANSWER_MS) })
    return { ok: response.ok, text: await response.text() }
  }
  return {
    readiness: () =>
      ask('/ready').then(
        ({ ok }) => (ok ? 'ready' : 'refused'),
        (error: unknown) => (error instanceof DOMException && error.name === 'TimeoutError' ? 'silent' : 'refused'),
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
