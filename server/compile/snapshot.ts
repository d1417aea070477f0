// Everything one proxy needs, from one state of the mesh. Pure: same state and proxy, same bytes.
import { isDeepStrictEqual } from 'node:util'
import type { Agent } from '../contracts/agent.ts'
import type { MeshState, ProxyView } from '../contracts/mesh-state.ts'
import type { ObjectRef } from '../contracts/object.ts'
import { findAgent, reachableAgents, versionsOf } from '../mesh/reach.ts'
import { compileAgentRouteHosts } from './agent-route.ts'
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
import { compileOutboundRoutes, compileVirtualHost, virtualHostName, virtualHostObject } from './outbound.ts'
import { compileDnsListener, compileTransparentListener } from './transparent.ts'

export interface Snapshot {
  revision: number
  resources: ReadonlyMap<TypeUrl, ReadonlyMap<string, Resource>>
}

export interface SnapshotOptions {
  /** Virtual hosts by VHDS (delta), or inside their route configuration (state of the world). */
  virtualHosts: 'vhds' | 'inline'
  /** For a gRPC client without an Envoy. */
  proxyless?: boolean
  /** The proxy's snapshot before: when nothing differs, its resources are the same value. */
  before?: Snapshot | null
}

/** Work is shared: what does not differ by proxy is compiled once a state, and encoded once a content. */
export function compileSnapshot(state: MeshState, proxy: ProxyView, options: SnapshotOptions = { virtualHosts: 'vhds' }): Snapshot {
  const all = options.proxyless ? compileProxyless(state, proxy) : compileForEnvoy(state, proxy, options)
  const { before } = options
  return { revision: state.revision, resources: before && isMadeOf(before, all) ? before.resources : byTypeAndName(all) }
}

function compileForEnvoy(state: MeshState, proxy: ProxyView, options: SnapshotOptions): Resource[] {
  const shared = sharedOf(state)
  const namespace = shared.ofNamespace(proxy.namespace)
  const inline = options.virtualHosts === 'inline'
  const caller = shared.ofCaller(proxy.namespace, proxy.agent)
  const outboundRoutes = caller.ownRoutes(inline) ?? (inline ? namespace.inlineRoutes() : shared.outboundRoutes)
  const hosts = inline ? [] : [...namespace.virtualHosts, ...caller.virtualHosts]
  return [...namespace.clustersAndEndpoints(proxy.zone), ...caller.clusters, ...hosts, shared.external, outboundRoutes, ...ownResources(state, proxy)]
}

function isMadeOf(snapshot: Snapshot, all: readonly Resource[]): boolean {
  const isThere = (one: Resource) => {
    const other = snapshot.resources.get(one.typeUrl)?.get(one.name)
    return other === one || (other?.version === one.version && other.scope === one.scope && isSameRef(other.object, one.object))
  }
  return [...snapshot.resources.values()].reduce((sum, { size }) => sum + size, 0) === all.length && all.every(isThere)
}

function isSameRef(a: ObjectRef | null, b: ObjectRef | null): boolean {
  return a === b || (a?.kind === b?.kind && a?.namespace === b?.namespace && a?.name === b?.name)
}

/** Every resource of a snapshot, types and names in a fixed order. */
export function listResources(snapshot: Snapshot): Resource[] {
  return [...snapshot.resources.values()].flatMap((resources) => [...resources.values()])
}

interface SharedResources {
  external: Resource
  outboundRoutes: Resource
  ofCaller(namespace: string, agent: string): CallerResources
  ofNamespace(namespace: string): NamespaceResources
}

interface NamespaceResources {
  clustersAndEndpoints(zone: string): readonly Resource[]
  virtualHosts: Resource[]
  inlineRoutes(): Resource
}

/** What one agent may call outside the mesh; most often nothing is said of that. */
interface CallerResources {
  clusters: Resource[]
  virtualHosts: Resource[]
  /** Null where they are those of everybody. */
  ownRoutes(inline: boolean): Resource | null
}

const sharedByState = new WeakMap<MeshState, SharedResources>()

function sharedOf(state: MeshState): SharedResources {
  const known = sharedByState.get(state)
  if (known) return known
  const namespaces = new Map<string, NamespaceResources>()
  const callers = new Map<string, CallerResources>()
  const ofAgent = new Map<Agent, Resource[]>()
  const ofAgentNear = new Map<string, Resource[]>()
  /** Most agents are the same from everywhere; the others are compiled once a zone. */
  const near = (agent: Agent, zone: string): Resource[] => {
    const key = `${agent.metadata.namespace}/${agent.metadata.name} ${zone}`
    let found = ofAgent.get(agent) ?? ofAgentNear.get(key)
    if (found) return found
    found = agentResources(state, agent, zone)
    if (trafficRulesOf(state, agent).locality) ofAgentNear.set(key, found)
    else ofAgent.set(agent, found)
    return found
  }
  const shared: SharedResources = {
    external: resource(TYPE.cluster, CLUSTER.external, '', compileExternalCluster(), null),
    outboundRoutes: resource(TYPE.routes, OUTBOUND, '', compileOutboundRoutes({ refusal: null }), null),
    ofCaller(namespace, agent) {
      const key = `${namespace}/${agent}`
      let found = callers.get(key)
      if (!found) callers.set(key, (found = callerResources(state, { namespace, agent }, shared.ofNamespace(namespace))))
      return found
    },
    ofNamespace(namespace) {
      let found = namespaces.get(namespace)
      if (!found) namespaces.set(namespace, (found = namespaceResources(state, namespace, near)))
      return found
    },
  }
  sharedByState.set(state, shared)
  return shared
}

function namespaceResources(state: MeshState, namespace: string, near: (agent: Agent, zone: string) => Resource[]): NamespaceResources {
  const agents = reachableAgents(state, namespace)
  const ofZone = new Map<string, Resource[]>()
  const virtualHosts = agents.map((agent) => resource(TYPE.virtualHost, virtualHostName(agent), namespace, compileVirtualHost(state, agent, namespace), virtualHostObject(state, agent)))
  for (const { json, object } of compileAgentRouteHosts(state, namespace)) virtualHosts.push(resource(TYPE.virtualHost, String(json['name']), namespace, json, object))
  return {
    virtualHosts,
    clustersAndEndpoints(zone) {
      let found = ofZone.get(zone)
      if (!found) ofZone.set(zone, (found = agents.flatMap((agent) => near(agent, zone))))
      return found
    },
    inlineRoutes: () => resource(TYPE.routes, OUTBOUND, namespace, compileOutboundRoutes({ inline: inlined(virtualHosts), refusal: null }), null),
  }
}

function callerResources(state: MeshState, caller: AgentRef, { virtualHosts: ofAgents }: NamespaceResources): CallerResources {
  const scope = `${caller.namespace}/${caller.agent}`
  const outside = compileEgress(state, caller)
  const refusal = blocksUnknown(state, caller) ? UNKNOWN_REFUSED : null
  const virtualHosts = outside.map(({ host, object }) => resource(TYPE.virtualHost, String(host['name']), scope, host, object))
  return {
    clusters: outside.flatMap(({ clusters, object }) => clusters.map((json) => resource(TYPE.cluster, String(json['name']), '', json, object))),
    virtualHosts,
    ownRoutes(inline) {
      if (refusal === null && !(inline && virtualHosts.length > 0)) return null
      return resource(TYPE.routes, OUTBOUND, scope, compileOutboundRoutes({ refusal, ...(inline ? { inline: inlined([...ofAgents, ...virtualHosts]) } : {}) }), null)
    },
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

interface Own {
  inputs: readonly unknown[]
  proxy: ProxyView
  resources: Resource[]
}

const ownByAgent = new WeakMap<Agent, Map<string, Own>>()
const OWN_MAX = 1000
/** Of all that a state has, what no proxy's own resources are made of, unless it has a gateway. */
const NOT_OWN: ReadonlySet<string> = new Set<keyof MeshState>(['revision', 'routes', 'grpcRoutes', 'versions', 'instances'])

/** Compiled again when something that they may depend on changed. */
function ownResources(state: MeshState, proxy: ProxyView): Resource[] {
  const agent = findAgent(state, proxy.namespace, proxy.agent)
  if (!agent || gatewaysOf(state, proxy).length > 0) return compileOwn(state, proxy, agent)
  const inputs = Object.entries(state).flatMap(([key, value]) => (NOT_OWN.has(key) ? [] : [value]))
  const known = ownByAgent.get(agent) ?? new Map<string, Own>()
  const found = known.get(proxy.id)
  if (found && isDeepStrictEqual(found.proxy, proxy) && found.inputs.length === inputs.length && found.inputs.every((input, index) => input === inputs[index])) return found.resources
  const resources = compileOwn(state, proxy, agent)
  if (known.size >= OWN_MAX) known.clear()
  ownByAgent.set(agent, known.set(proxy.id, { inputs, proxy, resources }))
  return resources
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

function byTypeAndName(resources: Resource[]): Snapshot['resources'] {
  const types = new Map<TypeUrl, Map<string, Resource>>()
  for (const typeUrl of Object.values(TYPE)) types.set(typeUrl, new Map())
  for (const resource of resources.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) types.get(resource.typeUrl)?.set(resource.name, resource)
  return types
}
