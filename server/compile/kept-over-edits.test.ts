// Edits in a row, drawn by chance: what is kept from one state to the next must be what compiling from nothing makes.
import { expect, test } from 'vitest'
import type { MeshState } from '../contracts/mesh-state.ts'
import { keepUnchanged } from '../mesh/keep-unchanged.ts'
import { agent, agentRoute, agentVersion, egressPolicy, externalService, grpcRoute, instance, meshState, policy, proxyView, route, trafficPolicy } from './fixtures.ts'
import { compileSnapshot, listResources, type Snapshot } from './snapshot.ts'

const EDITS = 100
const NAMESPACES = ['default', 'east', 'west']
const NAMES = ['ada', 'bob', 'cyd', 'dot']

/** Numerical Recipes' generator: the same edits in every run. */
function chances(seed: number) {
  let state = seed
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  return { below, pick: <T>(list: readonly T[]): T => list[below(list.length)]! } // no list here is empty
}

type Chance = ReturnType<typeof chances>
type Edit = (state: MeshState, chance: Chance) => Partial<MeshState>

type Named = { metadata: { name: string; namespace: string } }
let written = 0

/** As the store gives it back: by these an object is known again. */
function stored<T extends Named>(one: T): T {
  return { ...one, metadata: { ...one.metadata, uid: `${one.metadata.namespace}/${one.metadata.name}`, resourceVersion: String(++written) } }
}

/** Takes the place of what has its name, or takes that away. */
function put<T extends Named>(list: readonly T[], one: T, { below }: Chance): T[] {
  const others = list.filter(({ metadata }) => metadata.name !== one.metadata.name || metadata.namespace !== one.metadata.namespace)
  return below(5) === 0 ? others : [...others, stored(one)]
}

const backend = ({ pick, below }: Chance) => {
  const name = pick(NAMES)
  return { ...(below(2) ? { kind: 'AgentVersion', name: `${name}-${pick(['v1', 'v2'])}` } : { kind: 'Agent', name }), namespace: pick(NAMESPACES), weight: below(4) }
}

const EDIT: Record<string, Edit> = {
  agent: ({ agents }, chance) => ({ agents: put(agents, agent(chance.pick(NAMES), { exportTo: chance.pick([[], ['*'], ['east']]), protocol: chance.pick(['http', 'a2a', 'tcp']), capabilities: chance.below(2) ? [{ id: 'sums', name: 'sums' }] : [] }, chance.pick(NAMESPACES)), chance) }),
  version: ({ versions }, chance) => ({ versions: put(versions, agentVersion(chance.pick(NAMES), chance.pick(['v1', 'v2']), chance.pick(NAMESPACES)), chance) }),
  instance: ({ instances }, chance) => {
    const namespace = chance.pick(NAMESPACES)
    const one = instance(chance.pick(NAMES), chance.pick(['v1', 'v2', 'v3']), chance.below(3), { namespace, weight: 1 + chance.below(3), tls: chance.below(4) > 0, zone: chance.pick(['', 'a', 'b']) })
    const id = `${namespace}-${one.id}`
    const others = instances.filter((other) => other.id !== id)
    return { instances: chance.below(3) === 0 ? others : [...others, { ...one, id }].sort((a, b) => (a.id < b.id ? -1 : 1)) }
  },
  route: ({ routes }, chance) => {
    const name = chance.pick(NAMES)
    const filters = chance.below(3) ? [] : [{ type: 'RequestMirror', requestMirror: { backendRef: { name: chance.pick(NAMES), namespace: chance.pick(NAMESPACES) } } }]
    const session = chance.below(4) ? {} : { sessionPersistence: { type: 'Header', sessionName: 'x-session' } }
    return { routes: put(routes, route(name, { parentRefs: [{ name: chance.pick([name, chance.pick(NAMES)]) }], rules: [{ filters, backendRefs: [backend(chance), backend(chance)], ...session }] }, chance.pick(NAMESPACES)), chance) }
  },
  grpcRoute: ({ grpcRoutes }, chance) => ({ grpcRoutes: put(grpcRoutes, grpcRoute(chance.pick(NAMES), { parentRefs: [{ name: chance.pick(NAMES) }], rules: [{ backendRefs: [backend(chance)] }] }, chance.pick(NAMESPACES)), chance) }),
  traffic: ({ trafficPolicies }, chance) => ({
    trafficPolicies: put(trafficPolicies, trafficPolicy(chance.pick(NAMES), { targetRefs: [{ name: chance.pick(NAMES) }], ...chance.pick([{ circuitBreaker: { maxConnections: 1 + chance.below(9) } }, { loadBalancer: { policy: 'RingHash', hashHeader: 'x-key' } }, { locality: { failoverBelowPercent: 50 } }]) }, chance.pick(NAMESPACES)), chance),
  }),
  policy: ({ policies }, chance) => ({ policies: put(policies, policy(chance.pick(NAMES), { targetRefs: [{ name: chance.pick(NAMES) }], action: 'Deny', rules: [{ to: [{ paths: [`/${chance.below(9)}`] }] }] }, chance.pick(NAMESPACES)), chance) }),
  byTask: ({ agentRoutes }, chance) => ({ agentRoutes: put(agentRoutes, agentRoute(chance.pick(NAMES), { require: { capability: 'sums' }, strategy: chance.pick(['instances', 'preference']) }, chance.pick(NAMESPACES)), chance) }),
  outside: ({ externalServices }, chance) => ({ externalServices: put(externalServices, externalService(chance.pick(NAMES), { host: `${chance.pick(NAMES)}.example.com`, access: chance.pick(['Allow', 'Block']) }, chance.pick(NAMESPACES)), chance) }),
  unknownHosts: ({ egressPolicies }, chance) => ({ egressPolicies: put(egressPolicies, egressPolicy('closed', { unknownHosts: 'Block' }, chance.pick(NAMESPACES)), chance) }),
  revoked: (_, chance) => ({ revoked: [`spiffe://mesh.test/ns/default/agent/${chance.pick(NAMES)}`] }),
  signed: (_, chance) => ({ signedAgents: [`default/${chance.pick(NAMES)}`] }),
}

test.each([1, 2])('of edits drawn by chance each leaves what compiling from nothing makes (seed %d)', { timeout: 60_000 }, (seed) => {
  const chance = chances(seed)
  const views = NAMESPACES.map((namespace, index) => proxyView('ada', { id: `ada-${namespace}`, namespace, zone: index === 0 ? 'a' : '' }))
  const before = new Map<string, Snapshot>()
  let state = meshState({ agents: NAMESPACES.flatMap((namespace) => NAMES.map((name) => stored(agent(name, {}, namespace)))) })
  for (let edit = 1; edit <= EDITS; edit++) {
    const what = chance.pick(Object.keys(EDIT))
    state = keepUnchanged(state, structuredClone({ ...state, ...EDIT[what]?.(state, chance), revision: edit }))
    const fromNothing = structuredClone(state)
    for (const virtualHosts of ['vhds', 'inline'] as const) {
      for (const view of views) {
        const key = `${view.id} ${virtualHosts}`
        const kept = compileSnapshot(state, view, { virtualHosts, before: before.get(key) ?? null })
        expect(told(kept), `${key} after edit ${edit}: ${what}`).toEqual(told(compileSnapshot(fromNothing, view, { virtualHosts })))
        before.set(key, kept)
      }
    }
  }
})

function told(snapshot: Snapshot): string[] {
  return listResources(snapshot).map(({ typeUrl, name, scope, version, object }) => JSON.stringify([typeUrl, name, scope, version, object]))
}
