import type { MeshState } from '../contracts/mesh-state.ts'
import type { Objective } from '../contracts/objective.ts'
import { eachRepeated, type Says } from './finding.ts'
import { findAgent } from './reach.ts'

export function validateObjective(state: MeshState, { metadata: { namespace }, spec }: Objective, says: Says): void {
  if (!findAgent(state, namespace, spec.targetRef.name)) says.problem('/spec/targetRef/name', 'dangling', `there is no agent “${spec.targetRef.name}” in namespace “${namespace}”`)
  const from = spec.from && { namespace: spec.from.namespace ?? namespace, name: spec.from.name }
  if (from && !findAgent(state, from.namespace, from.name)) says.problem('/spec/from/name', 'dangling', `there is no agent “${from.name}” in namespace “${from.namespace}”`)
  if (spec.indicator.type === 'Cost' && spec.percent !== undefined) says.problem('/spec/percent', 'not_with_cost', 'what may be spent is said by `indicator`: a cost has no percentage')
  if (spec.indicator.type !== 'Cost' && spec.percent === undefined) says.problem('/spec/percent', 'required', 'say which percentage is to be good')
  eachRepeated(spec.notify, (name) => name, (index, name) => says.problem(`/spec/notify/${index}`, 'repeated', `“${name}” is there twice`))
}
