// A change in words, before anything is stored: what is wrong with it, what it does, and whom it touches.
import type { MeshState } from '../contracts/mesh-state.ts'
import type { AgentRef } from './authorize.ts'
import { mayCall } from './authorize.ts'
import { applyChanges, withDependents, type ObjectChange } from './change.ts'
import { describeChange } from './describe-change.ts'
import { diffObjects, type ObjectDiff } from './diff.ts'
import type { Finding } from './finding.ts'
import { validateChange } from './validate.ts'

/** Calls that one agent makes to another now. */
export interface Traffic {
  source: AgentRef
  target: AgentRef
  requestsPerSecond: number
}

export interface Plan {
  /** With what goes along, such as the versions of a deleted agent. */
  changes: ObjectChange[]
  after: MeshState
  problems: Finding[]
  warnings: Finding[]
  summary: string[]
  /** Agents (`namespace/name`) whose calls the change may turn, refuse or let through. */
  callers: string[]
  objectDiff: ObjectDiff[]
}

/** `traffic` is what was measured lately; without it the words leave numbers out. */
export function planChange(before: MeshState, wanted: readonly ObjectChange[], traffic: readonly Traffic[] = []): Plan {
  const changes = withDependents(before, wanted)
  const after = applyChanges(before, changes)
  const objectDiff = diffObjects(before, changes)
  const findings = [...validateChange(before, after, changes), ...warnCutTraffic(before, after, changes, traffic), ...warnReturning(before, changes)]
  const targets = objectDiff.flatMap(targetsOf)
  const touched = traffic.filter(({ target }) => targets.some((one) => one.namespace === target.namespace && one.agent === target.agent))
  return {
    changes,
    after,
    problems: findings.filter((finding) => finding.level === 'problem'),
    warnings: findings.filter((finding) => finding.level === 'warning'),
    summary: objectDiff.flatMap((diff) => describeChange(diff, touched)),
    callers: [...new Set(touched.map(({ source }) => nameOf(source)))].sort(),
    objectDiff,
  }
}

/** The agents whose callers an object has a say about. */
function targetsOf({ before, after }: ObjectDiff): AgentRef[] {
  return [before, after].flatMap((object): AgentRef[] => {
    if (!object) return []
    const { namespace, name } = object.metadata
    switch (object.kind) {
      case 'Agent':
        return [{ namespace, agent: name }]
      case 'AgentVersion':
        return [{ namespace, agent: object.spec.agent }]
      case 'HTTPRoute':
      case 'GRPCRoute':
        return object.spec.parentRefs.filter((parent) => parent.kind === 'Agent').map((parent) => ({ namespace: parent.namespace ?? namespace, agent: parent.name }))
      case 'PeerAuthentication':
      case 'TrafficPolicy':
      case 'AuthorizationPolicy':
        return object.spec.targetRefs.map((target) => ({ namespace, agent: target.name }))
      case 'AgentRoute':
        return [] // it is called by its own name, and turns no agent's calls
      case 'HealthProbe':
        return object.spec.targetRefs.map((target) => ({ namespace, agent: target.name }))
      case 'ExternalService':
      case 'EgressPolicy':
        return [] // who calls the outside is no callee of the mesh
      case 'Objective':
        return [] // it looks, and turns no call
      case 'Gateway':
        return [{ namespace, agent: object.spec.infrastructure.parametersRef.name }]
    }
  })
}

/** Whom the change newly keeps from an agent that it calls now. */
function warnCutTraffic(before: MeshState, after: MeshState, changes: readonly ObjectChange[], traffic: readonly Traffic[]): Finding[] {
  const policies = changes.filter(({ ref }) => ref.kind === 'AuthorizationPolicy')
  if (policies.length === 0) return []
  return traffic
    .filter(({ requestsPerSecond }) => requestsPerSecond > 0)
    .filter(({ source, target }) => mayCall(before, source, target) !== 'none' && mayCall(after, source, target) === 'none')
    .map(({ source, target, requestsPerSecond }): Finding => {
      const cause = policies.find(({ ref, after: object }) => ref.namespace === target.namespace && object?.kind === 'AuthorizationPolicy' && object.spec.targetRefs.some((one) => one.name === target.agent))
      const detail = `refuses ${nameOf(source)}, which calls ${nameOf(target)} ${rateOf(requestsPerSecond)} now`
      return { object: (cause ?? policies[0]!).ref, level: 'warning', pointer: '/spec/rules', code: 'cuts_live_traffic', detail } // policies is not empty here
    })
}

/** A deleted agent that still runs registers again with its next heartbeat. */
function warnReturning(before: MeshState, changes: readonly ObjectChange[]): Finding[] {
  return changes.flatMap((change): Finding[] => {
    if (change.after || change.ref.kind !== 'Agent') return []
    const running = before.instances.filter((instance) => instance.namespace === change.ref.namespace && instance.agent === change.ref.name && instance.source === 'sidecar').length
    if (running === 0) return []
    return [{ object: change.ref, level: 'warning', pointer: '', code: 'still_running', detail: `${running} of its instances still run; stop their sidecars, or the agent registers again` }]
  })
}

function nameOf(ref: AgentRef): string {
  return `${ref.namespace}/${ref.agent}`
}

/** `1.9 times a second`, `12 times a minute`. */
export function rateOf(perSecond: number): string {
  return perSecond >= 1 ? `${perSecond.toFixed(1)} times a second` : `${(perSecond * 60).toFixed(perSecond * 60 < 10 ? 1 : 0)} times a minute`
}
