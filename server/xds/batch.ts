// Which of the resources that may go are sent together: what a proxy of the build has taken goes at once, what nobody has taken is tried.
import type { Resource } from '../compile/encode.ts'
import { ONE_BY_ONE, type Subscription } from './subscription.ts'
import type { Variant } from './wire.ts'

/** Beyond this much a response is continued in the next. */
const BYTES_MAX = 1024 * 1024

/** More than this many untried resources are not tried by everybody: who comes meanwhile waits a little, and is sent all of them at once. */
const UNTRIED_MAX = 8
const WAIT_MS_MAX = 300

export interface Trials {
  /** Whether a proxy of this build has taken that very version. */
  isProven(resource: Resource): boolean
  /** Which of these, none of them proven, are tried first; none when others try all of them. */
  chooseTrial(resources: readonly Resource[]): Resource[]
}

/**
 * Suspects are tried one by one; so is what nobody has taken yet, unless it is very much, where a bad resource takes its neighbours with it. The
 * rest goes together. `wait`: others try all of it, and what they take can go at once a moment later.
 */
export function chooseBatch(subscription: Subscription, ready: Resource[], variant: Variant, trials: Trials): Resource[] | 'wait' {
  const together = ready.filter((resource) => !subscription.alone.has(resource.name))
  if (!ONE_BY_ONE.has(subscription.typeUrl)) return together.length > 0 ? together : ready.slice(0, 1)
  if (variant === 'sotw') return ready.slice(0, 1)
  const proven: Resource[] = []
  const untaken: Resource[] = []
  for (const resource of together) (trials.isProven(resource) ? proven : untaken).push(resource)
  const isMuch = untaken.length > UNTRIED_MAX
  if (proven.length > 0 && (!isMuch || proven.length >= untaken.length)) return upToBytes(proven)
  const trial = trials.chooseTrial(untaken)
  if (trial.length > 0) return upToBytes(trial)
  if (isMuch && hasPatience(subscription)) return 'wait'
  return proven.length > 0 ? upToBytes(proven) : (untaken.length > 0 ? untaken : ready).slice(0, 1)
}

function hasPatience(subscription: Subscription): boolean {
  const now = performance.now()
  subscription.waitsSince ??= now
  return now - subscription.waitsSince <= WAIT_MS_MAX
}

/** The first ones that fit, at least one. */
function upToBytes(resources: Resource[]): Resource[] {
  let bytes = 0
  const end = resources.findIndex((resource) => (bytes += resource.bytes.length) > BYTES_MAX)
  return end === -1 ? resources : resources.slice(0, Math.max(1, end))
}
