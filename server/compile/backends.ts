// Where a rule's calls go: backendRefs, their weights and the versions behind them → one weighted set of clusters.
import type { Agent } from '../contracts/agent.ts'
import type { BackendRef, HTTPRouteRule } from '../contracts/http-route.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { RequestMirror } from '../contracts/route-filters.ts'
import type { AnyRoute } from '../mesh/any-route.ts'
import { ownerOf, resolveBackend, spreadOverReady, type Version } from '../mesh/reach.ts'
import { trafficRulesOf } from '../mesh/traffic-policy.ts'
import { commonMultiple, greatestDivisor, WEIGHT_SUM_MAX } from '../mesh/weights.ts'
import type { Json } from './encode.ts'
import { CLUSTER, clusterName } from './names.ts'
import { compileMirror, headerEdits, mirrorShare } from './route-filters.ts'

/** The host that answers 500 for the share of a backend that does not exist (see compileFixedHosts); too many labels for an agent's. */
export const INVALID_BACKEND_HOST = 'invalid.backend.heddle.mesh'

interface Share {
  /** Null is a backend that does not exist. */
  cluster: string | null
  weight: number
  /** Header edits of the backend. */
  edits: Json
}

/** Where a rule sends its calls. */
export interface Target {
  /** `cluster` or `weighted_clusters` of a route action. */
  action: Json
  /** What the agents' own policies hash the pick of an instance from. */
  hash: Json[]
  mirrors: Json[]
}

type Self = Pick<Agent['metadata'], 'namespace' | 'name'>

/** `self` is the agent that hosts a gateway: its own calls go straight to it. Null when no backend is valid or all weigh nothing. */
export function compileBackends(state: MeshState, route: AnyRoute, rule: HTTPRouteRule, self?: Self): Target | null {
  const shares = rule.backendRefs.map((backend) => sharesOf(state, route, backend, self))
  if (!shares.flat().some((share) => share.cluster !== null && share.weight > 0)) return null
  return {
    action: weightedClusters(scaleToIntegers(rule.backendRefs.map((backend, index) => ({ weight: backend.weight, shares: shares[index] ?? [] })))),
    hash: hashesOf(state, route, rule),
    mirrors: rule.filters.flatMap((filter) => (filter.type === 'RequestMirror' ? mirrorsOf(state, route, filter.requestMirror, self) : [])),
  }
}

/** Policies of several backends may name several headers; the first that a call carries counts. */
function hashesOf(state: MeshState, route: AnyRoute, rule: HTTPRouteRule): Json[] {
  const agents = new Set(rule.backendRefs.map((backend) => ownerOf(state, route, backend)).filter((agent) => agent !== undefined))
  const headers = new Set([...agents].map((agent) => trafficRulesOf(state, agent).loadBalancer?.hashHeader).filter((header) => header !== undefined))
  return [...headers].map(headerHash)
}

/** A copy to an agent of several versions goes to each with its share of the copies. */
function mirrorsOf(state: MeshState, route: AnyRoute, mirror: RequestMirror, self?: Self): Json[] {
  const shares = sharesOf(state, route, { ...mirror.backendRef, weight: 1, filters: [] }, self).filter((share) => share.cluster !== null)
  const sum = shares.reduce((total, share) => total + share.weight, 0)
  return shares.map((share) => compileMirror(share.cluster ?? '', (mirrorShare(mirror) * share.weight) / sum))
}

export function headerHash(header: string): Json {
  return { header: { header_name: header }, terminal: true }
}

/** All versions of an agent by what is ready: what a call gets while no route says otherwise. */
export function compileSpread(versions: readonly Version[]): Json {
  const shares = spreadOverReady(versions).map(({ version, share }) => ({ cluster: clusterName(version), weight: share, edits: {} }))
  return weightedClusters(scaleToIntegers([{ weight: 1, shares }]))
}

function sharesOf(state: MeshState, route: AnyRoute, backend: BackendRef, self?: Self): Share[] {
  const edits = headerEdits(backend.filters)
  const isSelf = self && backend.kind === 'Agent' && backend.name === self.name && (backend.namespace ?? route.metadata.namespace) === self.namespace
  if (isSelf) return [{ cluster: CLUSTER.local, weight: backend.weight, edits }]
  const found = resolveBackend(state, route, backend)
  // A share that has nowhere to go is a failure the caller must see, not more work for the others.
  if (!found || found.length === 0) return [{ cluster: null, weight: backend.weight, edits: {} }]
  return found.map(({ version, share }) => ({ cluster: clusterName(version), weight: backend.weight === 0 ? 0 : share, edits }))
}

/** A backend's weight is split over its shares exactly: everything is multiplied by the least common multiple of the share sums. */
function scaleToIntegers(backends: { weight: number; shares: Share[] }[]): Share[] {
  const sums = backends.map(({ shares }) => shares.reduce((sum, share) => sum + share.weight, 0) || 1)
  const multiple = commonMultiple(sums)
  const exact = backends.flatMap(({ weight, shares }, index) =>
    shares.map((share) => ({ ...share, weight: (weight * share.weight * multiple) / (sums[index] ?? 1) })),
  )
  const divisor = exact.reduce((divisor, share) => greatestDivisor(divisor, share.weight), multiple)
  const total = exact.reduce((sum, share) => sum + share.weight / divisor, 0)
  // Beyond Envoy's sum the shares are rounded, but what is above nothing stays above nothing.
  const fit = total <= WEIGHT_SUM_MAX ? (weight: number) => weight / divisor : (weight: number) => (weight === 0 ? 0 : Math.max(1, Math.floor((weight / divisor / total) * WEIGHT_SUM_MAX)))
  return exact.map((share) => ({ ...share, weight: fit(share.weight) }))
}

/** In the order of the spec; a weight of 0 stays in the list as 0: exactly none. */
function weightedClusters(shares: Share[]): Json {
  const [only] = shares
  if (shares.length === 1 && only?.cluster && Object.keys(only.edits).length === 0) return { cluster: only.cluster }
  return {
    weighted_clusters: {
      clusters: shares.map((share) =>
        share.cluster ? { name: share.cluster, weight: share.weight, ...share.edits } : { name: CLUSTER.loop, weight: share.weight, host_rewrite_literal: INVALID_BACKEND_HOST },
      ),
    },
  }
}
