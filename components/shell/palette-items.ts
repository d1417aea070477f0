import { paths } from '#components/paths.ts'
import type { IconName } from '#components/ui/Icon.tsx'
import { NAVIGATION } from './navigation.ts'

export interface PaletteItem {
  id: string
  group: 'Go to' | 'Agents' | 'Routes' | 'Actions'
  title: string
  note: string
  icon: IconName
  href?: string
  run?: () => void
}

const SHOWN_MAX = 12

/** Pages and the actions that are links. */
export const FIXED_ITEMS: readonly PaletteItem[] = [
  ...NAVIGATION.flatMap((group) => group.items).map((item): PaletteItem => ({ id: item.href, group: 'Go to', title: item.title, note: '', icon: item.icon, href: item.href })),
  { id: 'connect', group: 'Actions', title: 'Connect an agent', note: '', icon: 'plus', href: paths.connect() },
  { id: 'new-route', group: 'Actions', title: 'New route', note: '', icon: 'routes', href: paths.newRoute() },
  { id: 'new-access-policy', group: 'Actions', title: 'New access policy', note: '', icon: 'lock', href: paths.newPolicy('access') },
  { id: 'new-traffic-policy', group: 'Actions', title: 'New traffic policy', note: '', icon: 'lock', href: paths.newPolicy('traffic') },
  { id: 'find-errors', group: 'Actions', title: 'Traces with errors', note: '', icon: 'warning', href: paths.traces({ status: 'error' }) },
]

/** What matches the words, best first: at the beginning of the title, then of a word in it, then anywhere. */
export function findItems(items: readonly PaletteItem[], text: string): PaletteItem[] {
  const words = text.trim().toLowerCase()
  const trace = traceItem(words)
  if (words === '') return items.filter((item) => item.group === 'Go to' || item.group === 'Actions')
  const ranked = items
    .map((item) => ({ item, rank: rankOf(`${item.title} ${item.note}`.toLowerCase(), words) }))
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank)
  return [...(trace ? [trace] : []), ...ranked.slice(0, SHOWN_MAX).map(({ item }) => item)]
}

/** 32 hex digits are a trace's id, with or without hyphens. */
function traceItem(words: string): PaletteItem | null {
  const id = words.replaceAll('-', '')
  return /^[0-9a-f]{32}$/.test(id) ? { id: `trace-${id}`, group: 'Go to', title: `Trace ${id}`, note: '', icon: 'traces', href: paths.trace(id) } : null
}

function rankOf(title: string, words: string): number {
  if (title.startsWith(words)) return 3
  if (title.split(/[\s/._-]+/).some((word) => word.startsWith(words))) return 2
  return words.split(/\s+/).every((word) => title.includes(word)) ? 1 : 0
}
