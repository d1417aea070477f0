import type { ReactNode } from 'react'
import { classes } from './classes.ts'

/** A surface with one subject. `note` stands beside the title, `actions` at the right; `flush` leaves the padding to a table. */
export function Card({ title, note, actions, flush, children, className, id }: { title?: ReactNode; note?: ReactNode; actions?: ReactNode; flush?: boolean; children: ReactNode; className?: string; id?: string }) {
  return (
    <section id={id} className={classes('min-w-0 rounded-lg border border-line bg-surface', className)}>
      {(title || actions) && (
        <header className="flex min-h-[42px] flex-wrap items-center gap-x-2.5 gap-y-1 px-4 pt-2.5">
          {title && <h2 className="m-0 text-md leading-snug font-semibold">{title}</h2>}
          {note && <span className="min-w-0 text-sm text-muted">{note}</span>}
          {actions && <div className="ml-auto flex max-w-full min-w-0 items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={flush ? 'px-1.5 pt-1 pb-2' : 'px-4 pt-3 pb-4'}>{children}</div>
    </section>
  )
}
