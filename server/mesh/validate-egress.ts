// Findings of the kinds that are about the outside: ExternalService and EgressPolicy.
import type { EgressPolicy } from '../contracts/egress-policy.ts'
import type { ExternalService } from '../contracts/external-service.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { concerns, isAgentName } from './egress.ts'
import { eachRepeated, type Says } from './finding.ts'
import { findAgent } from './reach.ts'
import { findOlderRival } from './targets.ts'
import { validateTargets } from './validate-policies.ts'

export function validateExternalService(state: MeshState, service: ExternalService, says: Says): void {
  const { namespace, name } = service.metadata
  const { host, port, tls, access, credential, from, addresses } = service.spec
  const rivals = state.externalServices.filter((other) => other !== service && other.spec.host === host)
  const twin = rivals.find((other) => other.metadata.namespace === namespace)
  if (twin) says.problem('/spec/host', 'host_taken', `ExternalService “${twin.metadata.name}” is of ${host} already`)
  const foreign = rivals.find((other) => other.metadata.namespace !== namespace && concerns(other, namespace))
  if (foreign) says.warning('/spec/host', 'overrides', `for callers of “${namespace}” this counts, and ExternalService ${foreign.metadata.namespace}/${foreign.metadata.name} no more`)
  if (isAgentName(state, host, namespace)) says.problem('/spec/host', 'host_taken', `${host} is how callers name an agent of the mesh`)
  if (access === 'Block' && credential) says.problem('/spec/credential', 'without_effect', 'nobody calls a host that is blocked')
  if (access === 'Block' && from.length > 0) says.problem('/spec/from', 'without_effect', 'a host that is blocked is blocked for everybody; leave `from` out')
  if (tls.mode === 'None' && access === 'Allow') says.warning('/spec/tls/mode', 'plaintext_sent', `calls to ${host} leave this machine unencrypted`)
  if (tls.mode !== 'None' && port === 80) says.warning('/spec/port', 'unusual', 'port 80 rarely speaks TLS')
  eachRepeated(addresses, (one) => one, (index) => says.problem(`/spec/addresses/${index}`, 'repeated', 'this address is there twice'))
  for (const [index, { agents, namespaces }] of from.entries()) {
    const homes = namespaces.length > 0 ? namespaces : [namespace]
    for (const [at, agent] of agents.entries())
      if (!homes.some((home) => findAgent(state, home, agent))) says.warning(`/spec/from/${index}/agents/${at}`, 'unknown_caller', `no agent “${agent}” is known in ${homes.join(', ')} yet; ${name} lets it in when it comes`)
  }
}

export function validateEgressPolicy(state: MeshState, policy: EgressPolicy, says: Says): void {
  validateTargets(state, policy, says)
  const rival = findOlderRival(state.egressPolicies, policy)
  if (rival) says.warning('/spec', 'overridden', `EgressPolicy “${rival.metadata.name}” is older and decides for the same agents`)
}
