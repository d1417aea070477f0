// What an agent may call outside the mesh. The sidecars are told by `server/compile/egress.ts`; explain and the console ask here.
import type { EgressPolicy } from '../contracts/egress-policy.ts'
import type { ExternalCaller, ExternalService } from '../contracts/external-service.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { AgentRef } from './authorize.ts'
import { compareAge, compareText } from './precedence.ts'
import { findAgent, isExportedTo } from './reach.ts'
import { findDeciding } from './targets.ts'

export interface ServiceForCaller {
  service: ExternalService
  /** Null: the call may go. Else the sentence of its refusal. */
  refusal: string | null
}

/** Hosts that somebody said something of, as one agent meets them: one service a host, by host. */
export function servicesFor(state: MeshState, caller: AgentRef): ServiceForCaller[] {
  return [...hostsFrom(state, caller.namespace).values()].map((service) => ({ service, refusal: whyRefused(service, caller) }))
}

/** What decides of a host for callers of a namespace, when anybody said something of it. */
export function serviceOf(state: MeshState, namespace: string, host: string): ExternalService | null {
  return hostsFrom(state, namespace).get(host) ?? null
}

export interface Egress {
  /** The object that decides; null where nobody said anything, and the call goes. */
  decidedBy: ExternalService | EgressPolicy | null
  refusal: string | null
}

/** `host` in lower case, without its port. */
export function egressOf(state: MeshState, caller: AgentRef, host: string): Egress {
  const service = serviceOf(state, caller.namespace, host)
  if (service) return { decidedBy: service, refusal: whyRefused(service, caller) }
  const policy = egressPolicyOf(state, caller)
  return { decidedBy: policy, refusal: blocksUnknown(state, caller) ? UNKNOWN_REFUSED : null }
}

export const UNKNOWN_REFUSED = 'no ExternalService names this host, and an EgressPolicy blocks unknown ones'

export function blocksUnknown(state: MeshState, caller: AgentRef): boolean {
  return egressPolicyOf(state, caller)?.spec.unknownHosts === 'Block'
}

export function egressPolicyOf(state: MeshState, caller: AgentRef): EgressPolicy | null {
  return findDeciding(state.egressPolicies, caller) ?? null
}

/** True when a service has a say about callers of a namespace: its own one always, others when it names them. */
export function concerns({ metadata, spec }: ExternalService, namespace: string): boolean {
  return metadata.namespace === namespace || spec.from.some((entry) => entry.namespaces.includes(namespace))
}

const hostsByState = new WeakMap<MeshState, Map<string, ReadonlyMap<string, ExternalService>>>()

/** By host. Of two services of one host that of the caller's own namespace counts, then the older. A host that is an agent's name is the agent's. */
function hostsFrom(state: MeshState, namespace: string): ReadonlyMap<string, ExternalService> {
  let known = hostsByState.get(state)
  if (!known) hostsByState.set(state, (known = new Map()))
  const before = known.get(namespace)
  if (before) return before
  const foreign = (one: ExternalService) => (one.metadata.namespace === namespace ? 0 : 1)
  const services = state.externalServices.filter((one) => concerns(one, namespace) && !isAgentName(state, one.spec.host, namespace)).toSorted((a, b) => foreign(a) - foreign(b) || compareAge(a, b))
  const first = new Map(services.toReversed().map((one) => [one.spec.host, one]))
  const found = new Map([...first].sort(([a], [b]) => compareText(a, b)))
  known.set(namespace, found)
  return found
}

/** `NAME.NAMESPACE` is a way to call an agent. */
export function isAgentName(state: MeshState, host: string, namespace: string): boolean {
  const [name = '', home = '', ...rest] = host.split('.')
  const agent = rest.length === 0 ? findAgent(state, home, name) : undefined
  return agent !== undefined && isExportedTo(agent, namespace)
}

function whyRefused({ metadata, spec }: ExternalService, caller: AgentRef): string | null {
  const by = `ExternalService ${metadata.namespace}/${metadata.name}`
  if (spec.access === 'Block') return `${by} blocks ${spec.host}`
  const allowed = spec.from.length === 0 ? metadata.namespace === caller.namespace : spec.from.some((entry) => names(entry, caller, metadata.namespace))
  return allowed ? null : `${by} does not name ${caller.namespace}/${caller.agent} among those who may call ${spec.host}`
}

function names({ agents, namespaces }: ExternalCaller, caller: AgentRef, home: string): boolean {
  const inNamespace = namespaces.length > 0 ? namespaces.includes(caller.namespace) : caller.namespace === home
  return inNamespace && (agents.length === 0 || agents.includes(caller.agent))
}
