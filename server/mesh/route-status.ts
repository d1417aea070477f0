import type { MeshState } from '../contracts/mesh-state.ts'
import type { Condition, RouteStatus } from '../contracts/route-status.ts'
import type { AnyRoute } from './any-route.ts'
import { collectFindings, type Finding } from './finding.ts'
import { validateRoute } from './validate-route.ts'

/** The conditions of a route as the mesh is now: an agent that went away since takes its share of calls to 500, and this says so. */
export function routeStatus(state: MeshState, route: AnyRoute): RouteStatus {
  const findings: Finding[] = []
  validateRoute(state, route, collectFindings({ kind: route.kind, namespace: route.metadata.namespace, name: route.metadata.name }, findings))
  const problems = findings.filter((finding) => finding.level === 'problem')
  const refs = problems.filter(({ pointer, code }) => /\/backendRefs?(\/|$)/.test(pointer) && (code === 'dangling' || code === 'not_exported'))
  const observedGeneration = route.metadata.generation ?? 0
  return {
    parents: route.spec.parentRefs.map((parentRef, index) => {
      const own = problems.filter((problem) => !refs.includes(problem) && (!problem.pointer.startsWith('/spec/parentRefs/') || `${problem.pointer}/`.startsWith(`/spec/parentRefs/${index}/`)))
      return {
        parentRef,
        controllerName: 'heddle.dev/control',
        conditions: [conditionOf('Accepted', own[0], observedGeneration), conditionOf('ResolvedRefs', refs[0], observedGeneration)],
      }
    }),
  }
}

function conditionOf(type: Condition['type'], problem: Finding | undefined, observedGeneration: number): Condition {
  if (!problem) return { type, status: 'True', reason: type, message: type === 'Accepted' ? 'the parent takes this route' : 'every reference leads somewhere', observedGeneration }
  return { type, status: 'False', reason: reasonOf(problem), message: `${problem.pointer}: ${problem.detail}`, observedGeneration }
}

/** The Gateway API's words. */
function reasonOf({ pointer, code }: Finding): string {
  if (code === 'not_exported') return 'RefNotPermitted'
  if (pointer.startsWith('/spec/parentRefs/')) return 'NoMatchingParent'
  if (pointer.startsWith('/spec/hostnames/')) return 'NoMatchingListenerHostname'
  return code === 'dangling' ? 'BackendNotFound' : 'UnsupportedValue'
}
