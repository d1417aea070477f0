// Findings of the kinds that are about agents alone: AgentRoute and HealthProbe.
import type { AgentRoute } from '../contracts/agent-route.ts'
import type { HealthProbe } from '../contracts/health-probe.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { agentKey, findCandidates, findRef } from './capability.ts'
import { eachRepeated, type Says } from './finding.ts'
import { findAgent, instancesOf } from './reach.ts'

export function validateAgentRoute(state: MeshState, route: AgentRoute, says: Says): void {
  const { hostnames, candidates, fallback, require, semantic, strategy } = route.spec
  eachRepeated(hostnames, (name) => name, (index, name) => says.problem(`/spec/hostnames/${index}`, 'repeated', `“${name}” is there twice`))
  for (const [index, name] of hostnames.entries()) validateHostname(state, route, name, `/spec/hostnames/${index}`, says)
  for (const [index, ref] of candidates.entries())
    if (!findRef(state, route, ref)) says.problem(`/spec/candidates/${index}/name`, 'dangling', `there is no agent “${ref.name}” in namespace “${ref.namespace ?? route.metadata.namespace}”`)
  eachRepeated(candidates, (ref) => `${ref.namespace ?? route.metadata.namespace}/${ref.name}`, (index) => says.problem(`/spec/candidates/${index}`, 'repeated', 'this agent is there twice'))
  if (fallback && !findRef(state, route, fallback)) says.problem('/spec/fallback/name', 'dangling', `there is no agent “${fallback.name}” in namespace “${fallback.namespace ?? route.metadata.namespace}”`)
  if (strategy === 'preference' && candidates.length === 0) says.problem('/spec/candidates', 'no_candidate', 'the strategy “preference” needs candidates in order')
  const fit = findCandidates(state, route, route.metadata.namespace)
  if (fit.length === 0) says.warning('/spec/require', 'nobody_fits', `no agent fits now${fallback ? `; ${fallback.name} answers every call` : '; every call is refused with 503'}`)
  if (semantic && semantic.mode !== 'off') {
    if (!fallback) says.warning('/spec/fallback', 'no_fallback', 'a task that the content decides for nobody is refused with 503; name a fallback')
    for (const { agent } of fit.filter((one) => one.capabilities.length === 0))
      says.warning('/spec/candidates', 'nothing_to_compare', `${agentKey(agent)} has no capability with a description or examples, so no task is ever like it`)
  }
  if (require.capability !== undefined && hostnames.length === 0) {
    const other = state.agentRoutes.find((one) => one !== route && one.metadata.namespace === route.metadata.namespace && one.spec.hostnames.length === 0 && one.spec.require.capability === require.capability)
    if (other) says.problem('/spec/require/capability', 'taken', `AgentRoute “${other.metadata.name}” already says who answers for “${require.capability}”; give this one hostnames of its own`)
  }
}

const RESERVED = new Set(['capability.mesh', 'invalid.backend.heddle.mesh'])

function validateHostname(state: MeshState, route: AgentRoute, name: string, at: string, says: Says): void {
  if (RESERVED.has(name)) says.problem(at, 'reserved', `“${name}” is the mesh's own`)
  const labels = name.split('.')
  if (labels.length === 3 && labels[0] !== 'capability' && findAgent(state, labels[1] ?? '', labels[0] ?? '')) says.problem(at, 'taken', `“${name}” is the agent ${labels[1]}/${labels[0]}`)
  const other = state.agentRoutes.find((one) => one !== route && one.spec.hostnames.includes(name))
  if (other) says.problem(at, 'taken', `“${name}” belongs to AgentRoute ${other.metadata.namespace}/${other.metadata.name}`)
}

export function validateProbe(state: MeshState, probe: HealthProbe, says: Says): void {
  const { namespace } = probe.metadata
  const { targetRefs, check, from, timeoutSeconds, intervalSeconds } = probe.spec
  for (const [index, target] of targetRefs.entries()) {
    const agent = findAgent(state, namespace, target.name)
    if (!agent) says.problem(`/spec/targetRefs/${index}/name`, 'dangling', `there is no agent “${target.name}” in namespace “${namespace}”`)
    else if (from === 'control' && instancesOf(state, agent).some((instance) => instance.tls))
      says.warning(`/spec/targetRefs/${index}/name`, 'behind_a_sidecar', `instances of “${target.name}” behind a sidecar are not probed from control: they take calls over mTLS alone`)
  }
  eachRepeated(targetRefs, (target) => target.name, (index) => says.problem(`/spec/targetRefs/${index}/name`, 'repeated', 'this agent is named twice'))
  if (timeoutSeconds > intervalSeconds) says.problem('/spec/timeoutSeconds', 'too_long', 'a probe may not take longer than the interval between two')
  const expect = check.type === 'Task' || check.type === 'HTTP' ? check.expect : undefined
  if (check.type === 'Task' && !check.expect.regex && !check.expect.jsonPath && !check.expect.similarTo) says.problem('/spec/check/expect', 'cannot_fail', 'say what the answer must be: a regex, a jsonPath or similarTo')
  if (expect?.equals !== undefined && expect.jsonPath === undefined) says.problem('/spec/check/expect/equals', 'without_effect', '“equals” needs a jsonPath')
  if (expect?.regex !== undefined) {
    try {
      new RegExp(expect.regex, 'u') // compiled, never run here
    } catch (error) {
      says.problem('/spec/check/expect/regex', 'wrong_format', `not a regular expression: ${(error as Error).message}`) // RegExp throws SyntaxError alone
    }
  }
}
