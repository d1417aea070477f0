// What an instance's health means for the calls it gets.
import type { Instance } from '../contracts/mesh-state.ts'

/** An overloaded instance keeps this share of its weight, so that what it does is seen to get better. */
export const OVERLOADED_SHARE = 0.25

/** Takes calls at all: one that is down, asleep or draining keeps its endpoint, marked, and gets none. */
export function isUsable({ health = 'ready' }: Pick<Instance, 'health'>): boolean {
  return health === 'ready' || health === 'degraded' || health === 'overloaded'
}

/** Its weight among the instances of its version and of others; 0 for one that takes no calls. */
export function usableWeight(instance: Pick<Instance, 'health' | 'weight'>): number {
  return isUsable(instance) ? instance.weight : 0
}
