// Rules against each other, and against who is there to answer.
import type { Agent } from '../../contracts/agent.ts'
import type { MeshState } from '../../contracts/mesh-state.ts'
import { describeRef } from '../../contracts/object.ts'
import type { Tell } from './analyze.ts'
import { allRoutes, type AnyRoute } from '../any-route.ts'
import { canonicalText } from '../change.ts'
import { describeMatch } from '../describe-match.ts'
import { rankMatches, type RankedMatch } from '../precedence.ts'
import { resolveBackend, routesOfAgent, versionsOf } from '../reach.ts'
import { coversMatch } from './covers.ts'

/** Comparing each with each: above this many matches of one agent only the length is told. */
const MATCHES_MAX = 400
const TABLE_LONG = 100
const SHARE_SEEN_MIN = 0.001

export function analyzeRoutes(state: MeshState, tell: Tell): void {
  const used = versionsInUse(state)
  for (const agent of state.agents) {
    const routes = routesOfAgent(state, agent)
    if (routes.length === 0) continue
    const ranked = rankMatches(routes)
    if (ranked.length > TABLE_LONG) tell(agent, '', 'route_table_long', `its routes have ${ranked.length} matches, asked one after the other`)
    if (ranked.length <= MATCHES_MAX) tellShadowed(ranked, tell)
    if (!ranked.some(({ match }) => describeMatch(match) === 'every call')) tell(routes[0] ?? agent, '/spec/rules', 'no_default_rule', `a call to ${agent.metadata.name} that fits no rule gets 404`)
    tellUnusedVersions({ state, agent, routes, used }, tell)
  }
  for (const route of allRoutes(state)) tellBackends(state, route, tell)
}

/** The rank decides: a match that everything before it leaves nothing for. */
function tellShadowed(ranked: readonly RankedMatch[], tell: Tell): void {
  for (const [position, one] of ranked.entries()) {
    const first = ranked.slice(0, position).find((other) => coversMatch(other.match, one.match))
    if (!first || (first.route === one.route && first.ruleIndex === one.ruleIndex)) continue
    const pointer = `/spec/rules/${one.ruleIndex}/matches/${one.matchIndex}`
    const where = first.route === one.route ? `rule ${first.ruleIndex + 1}` : `rule ${first.ruleIndex + 1} of ${describeRef({ kind: first.route.kind, namespace: first.route.metadata.namespace, name: first.route.metadata.name })}`
    const same = first.route !== one.route && canonicalText(first.match) === canonicalText(one.match)
    tell(one.route, pointer, same ? 'routes_conflict' : 'rule_shadowed', `${where} takes every call of this match (${describeMatch(one.match)}) and comes first`)
  }
}

/** `namespace/agent/version` of all that a rule sends something to. */
function versionsInUse(state: MeshState): Set<string> {
  return new Set(allRoutes(state).flatMap((route) => route.spec.rules.flatMap((rule) => rule.backendRefs.filter((backend) => backend.weight > 0).flatMap((backend) => (resolveBackend(state, route, backend) ?? []).map(({ version }) => `${version.namespace}/${version.agent}/${version.version}`)))))
}

function tellUnusedVersions({ state, agent, routes, used }: { state: MeshState; agent: Agent; routes: readonly AnyRoute[]; used: ReadonlySet<string> }, tell: Tell): void {
  for (const { namespace, agent: name, version, instances } of versionsOf(state, agent))
    if (instances.length > 0 && !used.has(`${namespace}/${name}/${version}`)) tell(routes[0] ?? agent, '/spec/rules', 'version_gets_nothing', `${name} ${version} has ${instances.length} in rotation, and no rule sends it anything`)
}

function tellBackends(state: MeshState, route: AnyRoute, tell: Tell): void {
  for (const [ruleIndex, rule] of route.spec.rules.entries()) {
    const total = rule.backendRefs.reduce((sum, backend) => sum + backend.weight, 0)
    for (const [index, backend] of rule.backendRefs.entries()) {
      const pointer = `/spec/rules/${ruleIndex}/backendRefs/${index}`
      if (backend.weight === 0) tell(route, `${pointer}/weight`, 'backend_never_used', `${backend.name} has weight 0`)
      else if (backend.weight / total < SHARE_SEEN_MIN) tell(route, `${pointer}/weight`, 'share_invisible', `${backend.name} gets one call in ${Math.round(total / backend.weight)}`)
      const found = resolveBackend(state, route, backend)
      if (backend.weight > 0 && found && found.length > 0 && found.every(({ version }) => version.instances.length === 0)) tell(route, `${pointer}/name`, 'backend_without_instance', `nothing of ${backend.name} is in rotation, so ${Number(((backend.weight / total) * 100).toFixed(1))} % of this rule’s calls fail`)
    }
  }
}
