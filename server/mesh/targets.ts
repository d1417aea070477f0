// Objects that name agents, or mean their whole namespace when they name none.
import type { AgentRef } from './authorize.ts'
import { compareAge } from './precedence.ts'

export interface Targeting {
  metadata: { namespace: string; name: string; creationTimestamp?: string | undefined }
  spec: { targetRefs: readonly { name: string }[] }
}

/** The one that names the agent, else one of its whole namespace; of two the older. */
export function findDeciding<T extends Targeting>(objects: readonly T[], { namespace, agent }: AgentRef): T | undefined {
  const here = objects.filter((one) => one.metadata.namespace === namespace).toSorted(compareAge)
  return here.find((one) => one.spec.targetRefs.some((target) => target.name === agent)) ?? here.find((one) => one.spec.targetRefs.length === 0)
}

/** The older one that decides for agents of `object` before it does. */
export function findOlderRival<T extends Targeting>(objects: readonly T[], object: T): T | undefined {
  return objects.find((other) => other !== object && other.metadata.namespace === object.metadata.namespace && compareAge(other, object) < 0 && overlaps(other, object))
}

function overlaps(a: Targeting, b: Targeting): boolean {
  const [left, right] = [a.spec.targetRefs, b.spec.targetRefs]
  if (left.length === 0 || right.length === 0) return left.length === right.length
  return left.some((target) => right.some((other) => other.name === target.name))
}
