// Everything one proxy needs, from one state of the mesh. Pure: same state and proxy, same bytes.
import type { Agent } from '../contracts/agent.ts'
import type { MeshState, ProxyView } from '../contracts/mesh-state.ts'
import type { ObjectRef } from '../contracts/object.ts'
import { allRoutes } from '../mesh/any-route.ts'
import { Kept } from '../mesh/kept.ts'
import { findAgent, reachableAgents, versionsOf } from '../mesh/reach.ts'
import { compileAgentRouteHosts } from './agent-route.ts'
import { assemble, keepSame, type Part, type ResourceMap } from './assemble.ts'
import type { AgentRef } from '../mesh/authorize.ts'
import { blocksUnknown, UNKNOWN_REFUSED } from '../mesh/egress.ts'
import { isSticky, mtlsOf, trafficRulesOf } from '../mesh/traffic-policy.ts'
import { compileDirectCluster, compileExternalCluster, compileLocalCluster, compileLoopCluster, compileVersionCluster, usesEds } from './cluster.ts'
import { compileEndpoints } from './endpoints.ts'
import { compileEgress } from './egress.ts'
import { encodeResource, type Json, type Resource } from './encode.ts'
import { compileGatewayRoutes, gatewaysOf } from './gateway.ts'
import { compileInboundRoutes } from './inbound.ts'
import { compileGatewayListener, compileInboundListener, compileOutboundListener } from './listener.ts'
import { CLUSTER, clusterName, gatewayName, INBOUND, OUTBOUND, TRANSPARENT, TRANSPARENT_DNS, TYPE, type TypeUrl } from './names.ts'
import { compileProxyless } from './proxyless.ts'
import { compileOutboundRoutes, compileVirtualHost, inputsOfVirtualHost, virtualHostName, virtualHostObject } from './outbound.ts'
import { compileDnsListener, compileTransparentListener } from './transparent.ts'

export interface Snapshot {
  revision: number
  resources: ResourceMap
}

export interface SnapshotOptions {
  /** Virtual hosts by VHDS (delta), or inside their route configuration (state of the world). */
  virtualHosts: 'vhds' | 'inline'
  /** For a gRPC client without an Envoy. */
  proxyless?: boolean
  /** The proxy's snapshot before: when nothing differs, its resources are the same value. */
  before?: Snapshot | null
}

/** Work is shared and kept: what an edit does not concern is not compiled again, and most of it is the same for many proxies. */
export function compileSnapshot(state: MeshState, proxy: ProxyView, options: SnapshotOptions = { virtualHosts: 'vhds' }): Snapshot {
  const parts = options.proxyless ? [compileProxyless(state, proxy)] : partsForEnvoy(state, proxy, options)
  return { revision: state.revision, resources: assemble(parts, options.before?.resources ?? null) }
}

function partsForEnvoy(state: MeshState, proxy: ProxyView, { virtualHosts }: SnapshotOptions): Part[] {
  const caller = callerResources(state, { namespace: proxy.namespace, agent: proxy.agent })
  const ofAgents = virtualHostsFor(state, proxy.namespace)
  const shared = [clustersAndEndpoints(state, proxy.namespace, proxy.zone), caller.clusters, ownResources(state, proxy), external()]
  if (virtualHosts === 'vhds') return [...shared, ofAgents, caller.virtualHosts, caller.routes ?? outboundRoutes()]
  return [...shared, inlineRoutes(ofAgents, caller, proxy)]
}

/** Every resource of a snapshot, types and names in a fixed order. */
export function listResources(snapshot: Snapshot): Resource[] {
  return [...snapshot.resources.values()].flatMap((resources) => [...resources.values()])
}

const external = once(() => resource(TYPE.cluster, CLUSTER.external, '', compileExternalCluster(), null))
const outboundRoutes = once(() => resource(TYPE.routes, OUTBOUND, '', compileOutboundRoutes({ refusal: null }), null))

const keptReached = new Kept<readonly Agent[], readonly Resource[]>()

/** Of every agent that callers in a namespace may name. */
function clustersAndEndpoints(state: MeshState, namespace: string, zone: string): readonly Resource[] {
  const agents = reachableAgents(state, namespace)
  const inputs = [state.trustDomain, state.trafficPolicies, state.versions, state.instances, allRoutes(state)]
  return keptReached.of(agents, zone, inputs, (before) => keepSame(before, agents.flatMap((agent) => resourcesOfAgent(state, agent, zone))))
}

const keptAgents = new Kept<Agent, readonly Resource[]>()

/** Most agents are the same from everywhere; the others are compiled once a zone. */
function resourcesOfAgent(state: MeshState, agent: Agent, zone: string): readonly Resource[] {
  const rules = trafficRulesOf(state, agent)
  const inputs = [state.trustDomain, rules, isSticky(state, agent), versionsOf(state, agent)]
  return keptAgents.of(agent, rules.locality ? zone : '', inputs, (before) => keepSame(before, agentResources(state, agent, zone)))
}

const keptHostLists = new Kept<readonly Agent[], readonly Resource[]>()
const keptHosts = new Kept<Agent, readonly Resource[]>()
const keptRouteHosts = new Kept<readonly Agent[], readonly Resource[]>()

/** Of every agent that callers in a namespace may name, of their AgentRoutes, and of what they may ask for by capability. */
function virtualHostsFor(state: MeshState, namespace: string): readonly Resource[] {
  const agents = reachableAgents(state, namespace)
  const inputs = [state.trafficPolicies, state.versions, state.instances, allRoutes(state), state.agentRoutes, state.signedAgents]
  return keptHostLists.of(agents, namespace, inputs, (before) => keepSame(before, [...agents.flatMap((agent) => hostOfAgent(state, agent, namespace)), ...hostsOfRoutes(state, agents, namespace)]))
}

function hostOfAgent(state: MeshState, agent: Agent, namespace: string): readonly Resource[] {
  return keptHosts.of(agent, namespace, inputsOfVirtualHost(state, agent), (before) =>
    keepSame(before, [resource(TYPE.virtualHost, virtualHostName(agent), namespace, compileVirtualHost(state, agent, namespace), virtualHostObject(state, agent))]),
  )
}

function hostsOfRoutes(state: MeshState, agents: readonly Agent[], namespace: string): readonly Resource[] {
  return keptRouteHosts.of(agents, namespace, [state.versions, state.instances, state.agentRoutes, state.signedAgents], (before) =>
    keepSame(before, compileAgentRouteHosts(state, namespace).map(({ json, object }) => resource(TYPE.virtualHost, String(json['name']), namespace, json, object))),
  )
}

const keptInline = new Kept<readonly Resource[], Resource>()

/** The routes of a proxy that speaks state-of-the-world hold every virtual host. */
function inlineRoutes(ofAgents: readonly Resource[], { refusal, virtualHosts }: CallerResources, proxy: ProxyView): Resource {
  const isOwn = refusal !== null || virtualHosts.length > 0
  const scope = isOwn ? `${proxy.namespace}/${proxy.agent}` : proxy.namespace
  return keptInline.of(ofAgents, scope, [refusal, virtualHosts], () => resource(TYPE.routes, OUTBOUND, scope, compileOutboundRoutes({ inline: inlined([...ofAgents, ...virtualHosts]), refusal }), null))
}

/** What one agent may call outside the mesh; most often nothing is said of that. */
interface CallerResources {
  clusters: readonly Resource[]
  virtualHosts: readonly Resource[]
  /** Null where they are those of everybody. */
  routes: Resource | null
  /** Of hosts that nobody named. */
  refusal: string | null
}

const NOTHING: readonly Resource[] = []
const NOTHING_SAID: CallerResources = { clusters: NOTHING, virtualHosts: NOTHING, routes: null, refusal: null }
const keptCallers = new Kept<MeshState['externalServices'], CallerResources>()

function callerResources(state: MeshState, caller: AgentRef): CallerResources {
  if (state.externalServices.length === 0 && state.egressPolicies.length === 0) return NOTHING_SAID
  const scope = `${caller.namespace}/${caller.agent}`
  return keptCallers.of(state.externalServices, scope, [state.egressPolicies, state.agents], () => compileCaller(state, caller, scope))
}

function compileCaller(state: MeshState, caller: AgentRef, scope: string): CallerResources {
  const outside = compileEgress(state, caller)
  const refusal = blocksUnknown(state, caller) ? UNKNOWN_REFUSED : null
  return {
    clusters: outside.flatMap(({ clusters, object }) => clusters.map((json) => resource(TYPE.cluster, String(json['name']), '', json, object))),
    virtualHosts: outside.map(({ host, object }) => resource(TYPE.virtualHost, String(host['name']), scope, host, object)),
    routes: refusal === null ? null : resource(TYPE.routes, OUTBOUND, scope, compileOutboundRoutes({ refusal }), null),
    refusal,
  }
}

function inlined(hosts: readonly Resource[]): Json[] {
  return hosts.map((host) => withoutType(host.json))
}

function agentResources(state: MeshState, agent: Agent, zone: string): Resource[] {
  const rules = trafficRulesOf(state, agent)
  const options = { trustDomain: state.trustDomain, protocol: agent.spec.protocol, rules, sticky: isSticky(state, agent) }
  const nearby = rules.locality && { zone, locality: rules.locality }
  return versionsOf(state, agent).flatMap((version) => [
    resource(TYPE.cluster, clusterName(version), '', compileVersionCluster(version, options), refOf(agent)),
    ...(usesEds(version) ? [resource(TYPE.endpoints, clusterName(version), nearby ? `zone ${zone}` : '', compileEndpoints(version, nearby), refOf(agent))] : []),
  ])
}

const keptOwn = new Kept<Agent, readonly Resource[]>()
const ownInputs = new Kept<MeshState, readonly unknown[]>()
/** Of all that a state has, what no proxy's own resources are made of, unless it has a gateway. */
const NOT_OWN: ReadonlySet<string> = new Set<keyof MeshState>(['revision', 'routes', 'grpcRoutes', 'versions', 'instances'])

/** Compiled again when something that they may depend on changed. */
function ownResources(state: MeshState, proxy: ProxyView): readonly Resource[] {
  const agent = findAgent(state, proxy.namespace, proxy.agent)
  if (!agent || gatewaysOf(state, proxy).length > 0) return compileOwn(state, proxy, agent)
  const inputs = ownInputs.of(state, '', [], () => Object.entries(state).flatMap(([key, value]) => (NOT_OWN.has(key) ? [] : [value])))
  return keptOwn.of(agent, proxy.id, [proxy, ...inputs], (before) => keepSame(before, compileOwn(state, proxy, agent)))
}

/** What only this proxy gets: its ports, its agent, its gateways. An agent that was deleted keeps its way out, and nothing comes in. */
function compileOwn(state: MeshState, proxy: ProxyView, agent: Agent | undefined): Resource[] {
  const agentScope = `${proxy.namespace}/${proxy.agent}`
  const own: Resource[] = [
    resource(TYPE.cluster, CLUSTER.loop, proxy.id, compileLoopCluster(proxy), null),
    resource(TYPE.listener, OUTBOUND, proxy.id, compileOutboundListener(proxy), null),
  ]
  if (proxy.transparent) {
    own.push(
      resource(TYPE.cluster, CLUSTER.direct, '', compileDirectCluster(), null),
      resource(TYPE.listener, TRANSPARENT, proxy.id, compileTransparentListener(proxy, { ...proxy.transparent, refuseBytes: blocksUnknown(state, proxy) }), null),
      resource(TYPE.listener, TRANSPARENT_DNS, proxy.id, compileDnsListener(proxy.transparent, namespacesOf(state)), null),
    )
  }
  if (!agent) return own
  own.push(
    resource(TYPE.cluster, CLUSTER.local, proxy.id, compileLocalCluster(proxy, agent.spec.protocol), refOf(agent)),
    resource(TYPE.listener, INBOUND, proxy.id, compileInboundListener(proxy, mtlsOf(state, agent), state.trustDomain), refOf(agent)),
    resource(TYPE.routes, INBOUND, agentScope, compileInboundRoutes(state, agent), refOf(agent)),
  )
  for (const gateway of gatewaysOf(state, proxy)) {
    for (const listener of gateway.spec.listeners) {
      const name = gatewayName(gateway.metadata.namespace, gateway.metadata.name, listener.name)
      own.push(
        resource(TYPE.listener, name, proxy.id, compileGatewayListener(proxy, name, gateway, listener), refOf(gateway)),
        resource(TYPE.routes, name, agentScope, compileGatewayRoutes(state, gateway, listener), refOf(gateway)),
      )
    }
  }
  return own
}

function namespacesOf(state: MeshState): string[] {
  return [...new Set(state.agents.map((agent) => agent.metadata.namespace))].sort()
}

function resource(typeUrl: TypeUrl, name: string, scope: string, json: Json, object: ObjectRef | null): Resource {
  return encodeResource({ typeUrl, name, scope, json: { '@type': typeUrl, ...json }, object })
}

function withoutType(json: Json): Json {
  const { '@type': _, ...fields } = json
  return fields
}

function refOf(object: { kind: ObjectRef['kind']; metadata: { namespace: string; name: string } }): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
