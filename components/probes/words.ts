import type { InstanceHealth } from '#server/contracts/health-probe.ts'
import type { MarkState } from '#components/ui/StateMark.tsx'
import { NOTHING } from '#components/ui/format.ts'

const MARKS: Record<InstanceHealth, MarkState> = { ready: 'ok', degraded: 'warn', overloaded: 'warn', asleep: 'idle', draining: 'idle', down: 'bad' }

export function markOfHealth(state: InstanceHealth): MarkState {
  return MARKS[state]
}

/** `2 ready, 1 down`. */
export function describeHealth(health: Partial<Record<InstanceHealth, number>>): string {
  return Object.entries(health).map(([state, count]) => `${count} ${state}`).join(', ') || NOTHING
}
