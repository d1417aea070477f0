'use client'
import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import { Link } from './Link.tsx'

/** Parts of one page, each with a URL. The one that is open is marked for screen readers too. */
export function Tabs({ label, tabs, open }: { label: string; tabs: readonly { id: string; href: string; title: ReactNode; note?: ReactNode }[]; open: string }) {
  return (
    <nav aria-label={label} className="mt-1 mb-4 flex gap-4.5 overflow-x-auto border-b border-line">
      {tabs.map((tab) => (
        <Link key={tab.id} href={tab.href} scroll={false} aria-current={tab.id === open ? 'page' : undefined} className={classes('-mb-px flex items-center gap-1.5 border-b-2 py-2 text-base whitespace-nowrap no-underline', tab.id === open ? 'border-accent font-medium text-text' : 'border-transparent text-muted hover:text-text')}>
          {tab.title}
          {tab.note !== undefined && <span className="text-faint">{tab.note}</span>}
        </Link>
      ))}
    </nav>
  )
}
