// What a schema cannot see: objects that name each other, and mistakes that a proxy would take in silence. Pure; a regular
// expression is never run here.
import type { Agent } from '../contracts/agent.ts'
import type { AuthorizationPolicy } from '../contracts/authorization-policy.ts'
import type { Gateway } from '../contracts/gateway.ts'
import { parseSpiffeId } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { describeRef, refOf, type MeshObject } from '../contracts/object.ts'
import { asAnyRoute } from './any-route.ts'
import { objectsOf, type ObjectChange } from './change.ts'
import { collectFindings, eachRepeated, type Finding, type Says } from './finding.ts'
import { findAgent } from './reach.ts'
import { validateAgentRoute, validateProbe } from './validate-agents.ts'
import { validateEgressPolicy, validateExternalService } from './validate-egress.ts'
import { validateGatewayForms, validateGRPCForms, validateHTTPForms } from './validate-forms.ts'
import { validateObjective } from './validate-objective.ts'
import { validatePeerAuthentication, validateTargets, validateTrafficPolicy } from './validate-policies.ts'
import { validateRoute } from './validate-route.ts'

/** Everything there is to say about a state, object by object. */
export function validateMesh(state: MeshState): Finding[] {
  const findings: Finding[] = []
  for (const object of objectsOf(state)) validateObject(state, object, collectFindings(refOf(object), findings))
  return findings
}

/** Findings of a change: all of the objects it writes, and what it newly breaks elsewhere (told at the object that is written). */
export function validateChange(before: MeshState, after: MeshState, changes: readonly ObjectChange[]): Finding[] {
  const changed = new Map(changes.map((change) => [describeRef(change.ref), change]))
  const known = new Set(validateMesh(before).map(keyOf))
  return validateMesh(after).flatMap((finding): Finding[] => {
    if (changed.has(describeRef(finding.object))) return [finding]
    if (finding.level === 'warning' || known.has(keyOf(finding))) return []
    const cause = changes.find((change) => change.after === null) ?? changes[0]
    if (!cause) return []
    return [{ object: cause.ref, level: 'problem', pointer: '', code: 'referenced', detail: `${describeRef(finding.object)} needs it at ${finding.pointer}: ${finding.detail}` }]
  })
}

function keyOf(finding: Finding): string {
  return `${describeRef(finding.object)} ${finding.pointer} ${finding.code}`
}

function validateObject(state: MeshState, object: MeshObject, says: Says): void {
  switch (object.kind) {
    case 'HTTPRoute':
      validateHTTPForms(object, says)
      return validateRoute(state, object, says)
    case 'GRPCRoute':
      validateGRPCForms(object, says)
      return validateRoute(state, asAnyRoute(object), says)
    case 'TrafficPolicy':
      return validateTrafficPolicy(state, object, says)
    case 'PeerAuthentication':
      return validatePeerAuthentication(state, object, says)
    case 'Gateway':
      validateGatewayForms(object, says)
      return validateGateway(state, object, says)
    case 'AuthorizationPolicy':
      return validatePolicy(state, object, says)
    case 'Agent':
      return validateAgent(object, says)
    case 'AgentRoute':
      return validateAgentRoute(state, object, says)
    case 'HealthProbe':
      return validateProbe(state, object, says)
    case 'ExternalService':
      return validateExternalService(state, object, says)
    case 'EgressPolicy':
      return validateEgressPolicy(state, object, says)
    case 'Objective':
      return validateObjective(state, object, says)
    case 'AgentVersion':
      if (!findAgent(state, object.metadata.namespace, object.spec.agent)) says.problem('/spec/agent', 'dangling', `there is no agent “${object.spec.agent}”`)
  }
}

function validateAgent({ spec }: Agent, says: Says): void {
  eachRepeated(spec.instances, (one) => `${one.address}:${one.port}`, (index) => says.problem(`/spec/instances/${index}`, 'repeated', 'this address is there twice'))
  eachRepeated(spec.capabilities, (one) => one.id, (index, { id }) => says.problem(`/spec/capabilities/${index}/id`, 'repeated', `two capabilities have the id “${id}”`))
  eachRepeated(spec.exportTo, (one) => one, (index, one) => says.problem(`/spec/exportTo/${index}`, 'repeated', `“${one}” is there twice`))
}

function validateGateway(state: MeshState, gateway: Gateway, says: Says): void {
  const { addresses, listeners, infrastructure } = gateway.spec
  const { namespace } = gateway.metadata
  const host = infrastructure.parametersRef.name
  if (!findAgent(state, namespace, host)) says.problem('/spec/infrastructure/parametersRef/name', 'dangling', `there is no agent “${host}” in namespace “${namespace}”, whose sidecar would listen`)
  eachRepeated(listeners, (one) => one.name, (index, { name }) => says.problem(`/spec/listeners/${index}/name`, 'repeated', `two listeners are named “${name}”`))
  eachRepeated(listeners, (one) => String(one.port), (index, { port }) => says.problem(`/spec/listeners/${index}/port`, 'port_taken', `another listener of this gateway has port ${port}`))
  const others = state.gateways.filter((other) => other !== gateway && other.metadata.namespace === namespace && other.spec.infrastructure.parametersRef.name === host)
  const taken = new Map(others.flatMap((other) => other.spec.listeners.map((listener) => [listener.port, other.metadata.name] as const)))
  for (const [index, { port, protocol, tls, hostname }] of listeners.entries()) {
    eachRepeated(tls?.certificateRefs ?? [], (one) => one.name, (again, { name }) => says.problem(`/spec/listeners/${index}/tls/certificateRefs/${again}/name`, 'repeated', `the certificate “${name}” is there twice`))
    if (protocol === 'HTTP' && addresses.some(({ value }) => !isLoopback(value))) says.warning(`/spec/listeners/${index}/protocol`, 'plaintext_taken', `port ${port} takes calls of ${hostname || 'any host'} from other machines unencrypted`)
    const other = taken.get(port)
    if (other !== undefined) says.problem(`/spec/listeners/${index}/port`, 'port_taken', `gateway “${other}” listens on port ${port} beside the same agent`)
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function validatePolicy(state: MeshState, policy: AuthorizationPolicy, says: Says): void {
  const { namespace } = policy.metadata
  const { action, rules, targetRefs } = policy.spec
  const targets = targetRefs.map((target) => findAgent(state, namespace, target.name))
  validateTargets(state, policy, says)
  if (rules.length === 0 && action === 'Allow') says.warning('/spec/rules', 'allows_nobody', 'without a rule nobody may call these agents')
  if (rules.length === 0 && action === 'Deny') says.warning('/spec/rules', 'without_effect', 'without a rule this policy denies nothing')
  for (const [rule, { from, to }] of rules.entries()) {
    for (const [index, caller] of from.entries()) validateCaller(state, namespace, caller, `/spec/rules/${rule}/from/${index}`, says)
    for (const [index, operation] of to.entries()) {
      const at = `/spec/rules/${rule}/to/${index}`
      if (operation.methods.length + operation.paths.length + operation.tools.length === 0) says.problem(at, 'without_effect', 'name at least one method, path or tool')
      const deaf = operation.tools.length > 0 ? targets.find((agent) => agent?.spec.protocol !== 'mcp') : undefined
      if (deaf) says.problem(`${at}/tools`, 'without_effect', `agent “${deaf.metadata.name}” speaks ${deaf.spec.protocol}, and tools are those of MCP`)
      eachRepeated(operation.tools, (tool) => tool, (again, tool) => says.problem(`${at}/tools/${again}`, 'repeated', `the tool “${tool}” is there twice`))
      for (const [path, value] of operation.paths.entries())
        if (value.slice(0, -1).includes('*')) says.problem(`${at}/paths/${path}`, 'wrong_format', '“*” stands at the end of a path only')
    }
  }
}

function validateCaller(state: MeshState, namespace: string, caller: AuthorizationPolicy['spec']['rules'][number]['from'][number], at: string, says: Says): void {
  for (const [index, name] of caller.agents.entries())
    if (!findAgent(state, namespace, name)) says.warning(`${at}/agents/${index}`, 'unknown_caller', `no agent “${name}” is known in namespace “${namespace}” yet`)
  for (const [index, name] of caller.namespaces.entries())
    if (!state.agents.some((agent) => agent.metadata.namespace === name)) says.warning(`${at}/namespaces/${index}`, 'unknown_caller', `no agent is known in namespace “${name}” yet`)
  for (const [index, identity] of caller.identities.entries()) {
    const id = parseSpiffeId(identity)
    if (!identity.startsWith('spiffe://')) says.problem(`${at}/identities/${index}`, 'wrong_format', 'an identity is a SPIFFE id, spiffe://TRUST_DOMAIN/ns/NAMESPACE/agent/NAME')
    else if (id && id.trustDomain !== state.trustDomain)
      says.warning(`${at}/identities/${index}`, 'foreign_trust_domain', `this mesh is ${state.trustDomain}; nobody of ${id.trustDomain} can connect`)
  }
}
