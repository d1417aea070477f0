'use client'
import type { ReactNode } from 'react'
import { Switch } from '#components/ui/Field.tsx'
import { useBound } from './form-context.tsx'
import type { Path } from './pointer.ts'

/** A part of an object that is said or left out: off, it says what stands without it. */
export function Part({ path, title, off, fresh, children }: { path: Path; title: string; off: string; fresh: () => unknown; children: ReactNode }) {
  const { pointer, value, error, warning, disabled, set } = useBound(path)
  const said = value !== undefined
  return (
    <section data-field={pointer} className="min-w-0 rounded-lg border border-line bg-surface px-4 py-2.5">
      <header className="flex items-center gap-x-4">
        <div className="flex min-w-0 flex-wrap items-baseline gap-x-2.5">
          <h2 className="m-0 text-md leading-snug font-semibold">{title}</h2>
          {!said && <span className="min-w-0 text-sm text-muted">{off}</span>}
        </div>
        <div className="ml-auto"><Switch isSelected={said} isDisabled={disabled} onChange={(on) => set(on ? fresh() : undefined)}><span className="sr-only">{title}</span></Switch></div>
      </header>
      {said && <div className="pt-3 pb-1.5">{children}</div>}
      {error && <p className="m-0 pt-1 text-xs text-bad">{error}</p>}
      {warning && <p className="m-0 pt-1 text-xs text-warn">{warning}</p>}
    </section>
  )
}
