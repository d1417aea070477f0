// What an instance's health means for the calls it gets.
import type { InstanceHealth } from '../contracts/health-probe.ts'
import type { Instance } from '../contracts/mesh-state.ts'

/** Tenths of its weight that an instance keeps: an overloaded one gets a little, so that what it does is seen to get better. */
const TENTHS: Record<InstanceHealth, number> = { ready: 10, degraded: 5, overloaded: 1, asleep: 0, draining: 0, down: 0 }
export const TENTHS_WHOLE = 10

/** Takes calls at all: one that is down, asleep or draining keeps its endpoint, marked, and gets none. */
export function isUsable(instance: Pick<Instance, 'health'>): boolean {
  return tenthsOf(instance) > 0
}

export function tenthsOf({ health = 'ready' }: Pick<Instance, 'health'>): number {
  return TENTHS[health]
}

/** Its weight among other versions and agents; 0 for one that takes no calls. */
export function usableWeight(instance: Pick<Instance, 'health' | 'weight'>): number {
  return isUsable(instance) ? instance.weight : 0
}
