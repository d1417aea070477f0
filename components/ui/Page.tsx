import type { ReactNode } from 'react'
import { Copyable } from './Copyable.tsx'
import { Link } from './Link.tsx'

/** One page, one job: where you are, its title and state, at most two actions, and the same from a terminal. */
export function Page({ title, crumbs, tags, actions, command, children }: { title: ReactNode; crumbs?: { href: string; label: string }[]; tags?: ReactNode; actions?: ReactNode; command?: string; children: ReactNode }) {
  return (
    <div className="mx-auto w-full max-w-[1560px] px-3.5 pt-3.5 pb-8 md:px-6 md:pt-5">
      {crumbs && (
        <nav aria-label="Where you are" className="mb-1 flex gap-1 text-sm text-muted">
          {crumbs.map((crumb, index) => (
            <span key={crumb.href} className="flex gap-1">
              {index > 0 && <span aria-hidden>/</span>}
              <Link href={crumb.href} className="no-underline hover:underline">{crumb.label}</Link>
            </span>
          ))}
        </nav>
      )}
      <header className="mb-3.5 flex min-h-[30px] flex-wrap items-center gap-x-2.5 gap-y-2">
        <h1 className="m-0 min-w-0 text-xl font-semibold tracking-[-0.015em] break-words">{title}</h1>
        {tags}
        {actions && <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
      {command && <SameFromATerminal command={command} />}
    </div>
  )
}

/** The command that does or shows the same as the page. */
export function SameFromATerminal({ command }: { command: string }) {
  return (
    <footer className="mt-6 flex min-w-0 flex-wrap items-center gap-2 text-sm text-muted">
      Same from a terminal
      <Copyable text={command} code />
    </footer>
  )
}
