import type { Health } from './telemetry.ts'

/** From which share of failed calls, and from which p95, an agent or an edge is shown as not well. One definition for every page. */
export const HEALTH = { failingErrorShare: 0.25, degradedErrorShare: 0.02, degradedP95Ms: 10_000 }

/** What the errors among the requests say: `idle` when nothing was asked. */
export function healthByErrors(requests: number, errors: number): Extract<Health, 'idle' | 'failing' | 'degraded' | 'healthy'> {
  if (requests === 0) return 'idle'
  const share = errors / requests
  return share >= HEALTH.failingErrorShare ? 'failing' : share >= HEALTH.degradedErrorShare ? 'degraded' : 'healthy'
}
