import type { IconName } from '#components/ui/Icon.tsx'
import { paths } from '#components/paths.ts'

export interface NavigationItem {
  href: string
  title: string
  icon: IconName
  /** Second key of its shortcut: `g` then this. */
  key: string
}

/** The map: what is happening, what is wanted, and do the two agree. Only what is built is here. */
export const NAVIGATION: readonly { title: string | null; items: readonly NavigationItem[] }[] = [
  {
    title: null,
    items: [
      { href: paths.overview(), title: 'Overview', icon: 'overview', key: 'o' },
      { href: paths.graph(), title: 'Graph', icon: 'graph', key: 'g' },
      { href: paths.agents(), title: 'Agents', icon: 'agent', key: 'a' },
    ],
  },
  {
    title: 'Happening',
    items: [
      { href: paths.traces(), title: 'Traces', icon: 'traces', key: 't' },
      { href: paths.sessions(), title: 'Sessions', icon: 'sessions', key: 'n' },
    ],
  },
  {
    title: 'Wanted',
    items: [
      { href: paths.capabilities(), title: 'Capabilities', icon: 'tool', key: 'b' },
      { href: paths.routes(), title: 'Routes', icon: 'routes', key: 'r' },
      { href: paths.policies(), title: 'Policies', icon: 'lock', key: 'l' },
      { href: paths.policies('objectives'), title: 'Objectives', icon: 'objective', key: 'j' },
      { href: paths.egress(), title: 'Outside', icon: 'external', key: 'w' },
      { href: paths.security(), title: 'Security', icon: 'security', key: 's' },
    ],
  },
  {
    title: 'In agreement?',
    items: [
      { href: paths.proxies(), title: 'Proxies', icon: 'proxies', key: 'p' },
      { href: paths.findings(), title: 'Findings', icon: 'warning', key: 'f' },
      { href: paths.explain(), title: 'Explain', icon: 'help', key: 'x' },
      { href: paths.changes(), title: 'Changes', icon: 'changes', key: 'c' },
      { href: paths.audit(), title: 'Audit', icon: 'audit', key: 'u' },
    ],
  },
  { title: null, items: [{ href: paths.settings(), title: 'Settings', icon: 'settings', key: 'e' }] },
]

/** The page that a path belongs to: the longest address that begins it. */
export function isOpen(href: string, pathname: string): boolean {
  return href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`)
}
