// Who reaches whom, and what stands behind a name: the questions that compiling, validating and planning all ask of a mesh.
import type { Agent, AgentVersion } from '../contracts/agent.ts'
import type { ParentRef } from '../contracts/http-route.ts'
import type { Instance, MeshState } from '../contracts/mesh-state.ts'
import type { BackendObject } from '../contracts/route-filters.ts'
import { allRoutes, type AnyRoute } from './any-route.ts'
import { usableWeight } from './instance-health.ts'
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

/** Agents that callers in `namespace` may name, by namespace and name. */
export function reachableAgents(state: MeshState, namespace: string): Agent[] {
  return state.agents
    .filter((agent) => isExportedTo(agent, namespace))
    .toSorted((a, b) => compareText(a.metadata.namespace, b.metadata.namespace) || compareText(a.metadata.name, b.metadata.name))
}

export function findAgent(state: MeshState, namespace: string, name: string): Agent | undefined {
  return indexOf(state).agents.get(`${namespace}/${name}`)
}

/** Every version an agent has, by name: registered ones, those with an instance, and those of its static list. */
export function versionsOf(state: MeshState, agent: Agent): readonly Version[] {
  const { versionsOf: known } = indexOf(state)
  let versions = known.get(agent)
  if (!versions) known.set(agent, (versions = findVersions(state, agent)))
  return versions
}

function findVersions(state: MeshState, agent: Agent): Version[] {
  const { namespace, name } = agent.metadata
  const registered = indexOf(state).versions.get(`${namespace}/${name}`) ?? []
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
  const rows = indexOf(state).instances.get(`${namespace}/${name}`) ?? []
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
  return indexOf(state).routes.get(`${agent.metadata.namespace}/${agent.metadata.name}`) ?? []
}

function indexRoutes(state: MeshState): Map<string, AnyRoute[]> {
  const found = new Map<string, Set<AnyRoute>>()
  for (const route of allRoutes(state)) {
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
  const object = indexOf(state).versionObjects.get(`${namespace}/${name}`)
  if (object) return findAgent(state, namespace, object.spec.agent)
  return state.agents.find((agent) => agent.metadata.namespace === namespace && versionsOf(state, agent).some((version) => versionObjectName(version) === name))
}

interface Index {
  agents: Map<string, Agent>
  versions: Map<string, AgentVersion[]>
  versionObjects: Map<string, AgentVersion>
  instances: Map<string, Instance[]>
  routes: Map<string, AnyRoute[]>
  /** Filled as it is asked. */
  versionsOf: WeakMap<Agent, Version[]>
}

const indexes = new WeakMap<MeshState, Index>()

/** Built once a state: thousands of agents each ask for their own instances. Keys are `namespace/agent`. */
function indexOf(state: MeshState): Index {
  let index = indexes.get(state)
  if (!index) {
    index = {
      agents: new Map(state.agents.map((agent) => [`${agent.metadata.namespace}/${agent.metadata.name}`, agent])),
      versions: Map.groupBy(state.versions, (version) => `${version.metadata.namespace}/${version.spec.agent}`),
      versionObjects: new Map(state.versions.map((version) => [`${version.metadata.namespace}/${version.metadata.name}`, version])),
      instances: Map.groupBy(state.instances, (instance) => `${instance.namespace}/${instance.agent}`),
      routes: indexRoutes(state),
      versionsOf: new WeakMap(),
    }
    indexes.set(state, index)
  }
  return index
}
