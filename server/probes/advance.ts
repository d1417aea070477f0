// From looks to a state: thresholds against a single bad look, and what several probes of one instance say together. Pure.
import { InstanceHealth, type HealthProbeSpec, type ProbeResult } from '../contracts/health-probe.ts'

export interface ProbeState {
  state: InstanceHealth
  ok: boolean
  /** Equal looks in a row. */
  inARow: number
}

/** Before the first look an instance is what its sidecar says: ready. */
export const UNKNOWN: ProbeState = { state: 'ready', ok: true, inARow: 0 }

export function advance(before: ProbeState, { ok, said }: Pick<ProbeResult, 'ok' | 'said'>, spec: Pick<HealthProbeSpec, 'failureThreshold' | 'successThreshold' | 'onFailure' | 'whenAsleep'>): ProbeState {
  const inARow = before.ok === ok ? before.inARow + 1 : 1
  // An agent's own word counts at once: it knows best that it sleeps, drains or is full.
  if (said !== null && said !== 'ready') return { state: said === 'asleep' && spec.whenAsleep === 'wake' ? 'degraded' : said, ok, inARow }
  if (!ok) return { state: inARow >= spec.failureThreshold ? spec.onFailure : before.state, ok, inARow }
  const recovering = before.state === 'down' || (before.state === 'degraded' && spec.onFailure === 'degraded')
  return { state: recovering && inARow < spec.successThreshold ? before.state : 'ready', ok, inARow }
}

/** The worst of them. */
export function worstOf(states: readonly InstanceHealth[]): InstanceHealth {
  const rank = InstanceHealth.options
  return states.reduce((worst, state) => (rank.indexOf(state) > rank.indexOf(worst) ? state : worst), 'ready')
}
