import type { HTTPRoute } from '#server/contracts/http-route.ts'

/** Share of an agent's calls that its routes want at each version; null when no route splits it. Of several rules the first one speaks. */
export function wantedShares(routes: readonly HTTPRoute[], namespace: string, agent: string): { route: HTTPRoute; shares: Map<string, number> } | null {
  for (const route of routes) {
    const own = route.metadata.namespace
    if (!route.spec.parentRefs.some((parent) => parent.kind === 'Agent' && parent.name === agent && (parent.namespace ?? own) === namespace)) continue
    const rule = route.spec.rules.find((candidate) => candidate.backendRefs.some((backend) => backend.kind === 'AgentVersion'))
    if (!rule) continue
    const total = rule.backendRefs.reduce((sum, backend) => sum + backend.weight, 0)
    if (total === 0) continue
    const shares = rule.backendRefs
      .filter((backend) => backend.kind === 'AgentVersion' && backend.name.startsWith(`${agent}-`))
      .map((backend): [string, number] => [backend.name.slice(agent.length + 1), backend.weight / total])
    return { route, shares: new Map(shares) }
  }
  return null
}
