// URLs of the pages about what agents can do.
import { withQuery } from '#components/paths.ts'

const segment = encodeURIComponent

export type CapabilitiesTab = 'agents' | 'routes' | 'playground' | 'decisions' | 'strangers'

export const capabilityPaths = {
  tab: (tab: CapabilitiesTab, query: { route?: string; traceId?: string } = {}) => withQuery('/capabilities', { tab: tab === 'agents' ? null : tab, ...query }),
  agent: (namespace: string, name: string) => `/capabilities/agents/${segment(namespace)}/${segment(name)}`,
  route: (namespace: string, name: string) => `/capabilities/routes/${segment(namespace)}/${segment(name)}`,
  newRoute: () => '/capabilities/routes/new',
  decision: (id: string) => `/capabilities/decisions/${segment(id)}`,
}
