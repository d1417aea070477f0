import { paths } from '#components/paths.ts'
import type { PaletteItem } from './palette-items.ts'

const LIMIT = 1000

interface Listed {
  items: { metadata: { namespace: string; name: string } }[]
}

/** Agents and routes by name. One that cannot be read leaves the rest. */
export async function readPaletteObjects(): Promise<PaletteItem[]> {
  const [agents, routes] = await Promise.all([readNames('agents'), readNames('httproutes')])
  return [
    ...agents.map((at): PaletteItem => ({ id: `agent-${at.namespace}-${at.name}`, group: 'Agents', title: at.name, note: at.namespace, icon: 'agent', href: paths.agent(at.namespace, at.name) })),
    ...routes.map((at): PaletteItem => ({ id: `route-${at.namespace}-${at.name}`, group: 'Routes', title: at.name, note: at.namespace, icon: 'routes', href: paths.route(at.namespace, at.name) })),
  ]
}

async function readNames(plural: 'agents' | 'httproutes'): Promise<{ namespace: string; name: string }[]> {
  const response = await fetch(`/api/v1/${plural}?limit=${LIMIT}`)
  if (!response.ok) return []
  const { items } = (await response.json()) as Listed // the API's own answer
  return items.map((item) => item.metadata)
}
