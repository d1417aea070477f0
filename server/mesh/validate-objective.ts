import type { MeshState } from '../contracts/mesh-state.ts'
import type { Objective } from '../contracts/objective.ts'
import { eachRepeated, type Says } from './finding.ts'
import { findAgent } from './reach.ts'

export function validateObjective(state: MeshState, { metadata: { namespace }, spec }: Objective, says: Says): void {
  if (!findAgent(state, namespace, spec.targetRef.name)) says.problem('/spec/targetRef/name', 'dangling', `there is no agent “${spec.targetRef.name}” in namespace “${namespace}”`)
  const from = spec.from && { namespace: spec.from.namespace ?? namespace, name: spec.from.name }
  if (from && !findAgent(state, from.namespace, from.name)) says.problem('/spec/from/name', 'dangling', `there is no agent “${from.name}” in namespace “${from.namespace}”`)
  eachRepeated(spec.notify, (name) => name, (index, name) => says.problem(`/spec/notify/${index}`, 'repeated', `“${name}” is there twice`))
}
