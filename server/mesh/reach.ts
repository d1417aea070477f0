// Who reaches whom, and what stands behind a name: the questions that compiling, validating and planning all ask of a mesh.
import type { Agent, AgentVersion } from '../contracts/agent.ts'
import type { ParentRef } from '../contracts/http-route.ts'
import type { Instance, MeshState } from '../contracts/mesh-state.ts'
import type { BackendObject } from '../contracts/route-filters.ts'
import { allRoutes, type AnyRoute } from './any-route.ts'
import { usableWeight } from './instance-health.ts'
import { Kept } from './kept.ts'
import { compareAge, compareText } from './precedence.ts'

/** A version of an agent with the instances that take its calls now. */
export interface Version {
  namespace: string
  agent: string
  version: string
  instances: Instance[]
}

/** True when callers in `namespace` may name this agent. */
export function isExportedTo(agent: Agent, namespace: string): boolean {
  return agent.metadata.namespace === namespace || agent.spec.exportTo.includes('*') || agent.spec.exportTo.includes(namespace)
}

const reachable = new Kept<MeshState['agents'], readonly Agent[]>()

/** Agents that callers in `namespace` may name, by namespace and name. */
export function reachableAgents(state: MeshState, namespace: string): readonly Agent[] {
  return reachable.of(state.agents, namespace, [], () =>
    state.agents
      .filter((agent) => isExportedTo(agent, namespace))
      .toSorted((a, b) => compareText(a.metadata.namespace, b.metadata.namespace) || compareText(a.metadata.name, b.metadata.name)),
  )
}

export function findAgent(state: MeshState, namespace: string, name: string): Agent | undefined {
  return agentIndex(state.agents).get(`${namespace}/${name}`)
}

const versionsNow = new Kept<Agent, readonly Version[]>()
const keptVersions = new Kept<Agent, readonly Version[]>()

/** Every version an agent has, by name: registered ones, those with an instance, and those of its static list. The same value while they are the same. */
export function versionsOf(state: MeshState, agent: Agent): readonly Version[] {
  return versionsNow.of(agent, '', [state.versions, state.instances], () => sameVersions(state, agent)) // asked several times of each agent
}

function sameVersions(state: MeshState, agent: Agent): readonly Version[] {
  const { namespace, name } = agent.metadata
  const key = `${namespace}/${name}`
  const registered = versionIndex(state.versions).get(key) ?? NONE
  const instances = instanceIndex(state.instances).get(key) ?? NONE
  return keptVersions.of(agent, '', [registered.length, ...registered, ...instances], () => findVersions(state, agent, registered))
}

function findVersions(state: MeshState, agent: Agent, registered: readonly AgentVersion[]): Version[] {
  const { namespace, name } = agent.metadata
  const instances = instancesOf(state, agent)
  const names = new Set([...registered.map((version) => version.spec.version), ...instances.map((instance) => instance.version)])
  return [...names].sort(compareText).map((version) => ({
    namespace,
    agent: name,
    version,
    instances: instances.filter((instance) => instance.version === version),
  }))
}

/** What takes calls for an agent now: announced by sidecars, or listed in its spec (those are reached in plaintext). */
export function instancesOf(state: MeshState, agent: Agent): Instance[] {
  const { namespace, name } = agent.metadata
  const rows = instanceIndex(state.instances).get(`${namespace}/${name}`) ?? NONE
  const announced = rows.filter((instance) => instance.source === 'sidecar')
  const healthOf = (address: string, port: number) => rows.find((row) => row.source === 'static' && row.address === address && row.port === port)?.health
  const listed = agent.spec.instances.map((entry): Instance => ({
    id: `${namespace}.${name}@${entry.address}:${entry.port}`,
    namespace,
    agent: name,
    version: entry.version,
    address: entry.address,
    port: entry.port,
    zone: '',
    labels: {},
    weight: entry.weight,
    tls: false,
    source: 'static',
    health: healthOf(entry.address, entry.port) ?? 'ready',
  }))
  return [...announced, ...listed].sort((a, b) => compareText(a.id, b.id))
}

/** Routes attached to an agent. Only a route of the agent's own namespace steers it for everybody. */
export function routesOfAgent(state: MeshState, agent: Agent): readonly AnyRoute[] {
  return routeIndex(allRoutes(state)).get(`${agent.metadata.namespace}/${agent.metadata.name}`) ?? NONE
}

function indexRoutes(routes: readonly AnyRoute[]): Map<string, AnyRoute[]> {
  const found = new Map<string, Set<AnyRoute>>()
  for (const route of routes) {
    const { namespace } = route.metadata
    for (const parent of route.spec.parentRefs) {
      if (!isParent(route, parent, 'Agent', namespace, parent.name)) continue
      const key = `${namespace}/${parent.name}`
      const routes = found.get(key) ?? new Set()
      found.set(key, routes.add(route))
    }
  }
  return new Map([...found].map(([key, routes]) => [key, [...routes].sort(compareAge)]))
}

export function isParent(route: AnyRoute, parent: ParentRef, kind: ParentRef['kind'], namespace: string, name: string): boolean {
  return parent.kind === kind && parent.name === name && (parent.namespace ?? route.metadata.namespace) === namespace
}

/** Shares of one backendRef: the versions behind it with the weight of what is ready; null when the reference is not valid. */
export function resolveBackend(state: MeshState, route: AnyRoute, backend: BackendObject): { version: Version; share: number }[] | null {
  const found = ownerOf(state, route, backend)
  if (!found || !isExportedTo(found, route.metadata.namespace)) return null
  const versions = versionsOf(state, found)
  if (backend.kind === 'Agent') return spreadOverReady(versions)
  const version = versions.find((candidate) => versionObjectName(candidate) === backend.name)
  return version ? [{ version, share: 1 }] : null
}

/** The agent that a backend belongs to, exported or not. */
export function ownerOf(state: MeshState, route: AnyRoute, backend: BackendObject): Agent | undefined {
  const namespace = backend.namespace ?? route.metadata.namespace
  return backend.kind === 'Agent' ? findAgent(state, namespace, backend.name) : findVersionOwner(state, namespace, backend.name)
}

/** Shares by what is ready; when nothing is, every version alike, so that the failure counts where the call belongs. */
export function spreadOverReady(versions: readonly Version[]): { version: Version; share: number }[] {
  const shares = versions.map((version) => ({ version, share: version.instances.reduce((sum, instance) => sum + usableWeight(instance), 0) }))
  const ready = shares.filter(({ share }) => share > 0)
  return ready.length > 0 ? ready : shares.map(({ version }) => ({ version, share: 1 }))
}

/** The name of the AgentVersion object of a version. */
export function versionObjectName(version: { agent: string; version: string }): string {
  return `${version.agent}-${version.version}`
}

/** An AgentVersion's name alone does not say where the agent's ends (`a-b-c`): its object does, else an agent that has that version. */
function findVersionOwner(state: MeshState, namespace: string, name: string): Agent | undefined {
  const object = versionObjectIndex(state.versions).get(`${namespace}/${name}`)
  if (object) return findAgent(state, namespace, object.spec.agent)
  return state.agents.find((agent) => agent.metadata.namespace === namespace && versionsOf(state, agent).some((version) => versionObjectName(version) === name))
}

const NONE: readonly never[] = []

/** Thousands of agents each ask for their own; a state that shares a list with the one before shares its index. Keys are `namespace/agent`, of a version object its own name. */
const agentIndex = indexed((agents: MeshState['agents']) => new Map(agents.map((agent) => [`${agent.metadata.namespace}/${agent.metadata.name}`, agent])))
const versionIndex = indexed((versions: MeshState['versions']) => Map.groupBy(versions, (version) => `${version.metadata.namespace}/${version.spec.agent}`))
const versionObjectIndex = indexed((versions: MeshState['versions']) => new Map(versions.map((version) => [`${version.metadata.namespace}/${version.metadata.name}`, version])))
const instanceIndex = indexed((instances: MeshState['instances']) => Map.groupBy(instances, (instance) => `${instance.namespace}/${instance.agent}`))
const routeIndex = indexed(indexRoutes)

function indexed<List extends object, Index>(build: (list: List) => Index): (list: List) => Index {
  const known = new Kept<List, Index>()
  return (list) => known.of(list, '', NONE, () => build(list))
}
