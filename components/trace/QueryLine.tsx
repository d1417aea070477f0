'use client'
import type { AttributeName } from '#server/contracts/telemetry.ts'
import { useId, useState, type KeyboardEvent } from 'react'
import { classes } from '#components/ui/classes.ts'
import type { WrittenFilters } from './filters.ts'
import { completeQuery, describeQuery, parseQuery, writeQuery } from './query.ts'

interface QueryLineProps {
  filters: WrittenFilters
  services: readonly string[]
  attributes: readonly AttributeName[]
  onFilters: (filters: WrittenFilters) => void
}

/** The search as one line, with what may come next below it; while it is not being written, it says what the form says. */
export function QueryLine({ filters, services, attributes, onFilters }: QueryLineProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const [at, setAt] = useState(-1)
  const id = useId()
  const line = typed ?? writeQuery(filters)
  const parsed = parseQuery(line)
  const offered = typed === null ? [] : completeQuery(typed, services, attributes)
  const write = (next: string) => {
    setTyped(next)
    setAt(-1)
    const read = parseQuery(next)
    if (read.state === 'read') onFilters(read.filters)
  }
  const keys = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const taken = offered[at]
    if (move && offered.length > 0) setAt((at + move + offered.length + (at < 0 && move < 0 ? 1 : 0)) % offered.length)
    else if (event.key === 'Enter' && taken) write(taken.line)
    else if (event.key === 'Tab' && taken) write(taken.line)
    else if (event.key === 'Escape' && typed !== null) setTyped(null)
    else return
    event.preventDefault()
  }
  const wrong = parsed.state === 'wrong' && offered.length === 0
  return (
    <div className="relative min-w-0">
      <label className={classes('flex h-[34px] items-center gap-2.5 rounded-md border bg-surface px-3 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-[var(--focus)]', wrong ? 'border-bad' : 'border-line-strong')}>
        <span className="text-sm text-faint">Query</span>
        <input
          role="combobox" aria-expanded={offered.length > 0} aria-controls={`${id}-list`} aria-autocomplete="list" aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined} aria-invalid={wrong} aria-describedby={`${id}-says`}
          value={line} onChange={(event) => write(event.target.value)} onFocus={() => setTyped(line)} onBlur={() => { setTyped(null); setAt(-1) }} onKeyDown={keys}
          placeholder="service = writer and duration > 200ms and status = error" spellCheck={false} autoComplete="off" maxLength={500}
          className="min-w-0 flex-1 bg-transparent font-mono text-[12.5px] outline-none placeholder:text-faint"
        />
        <span id={`${id}-says`} role="status" className={classes('max-w-[50%] flex-none truncate text-sm', wrong ? 'text-bad' : 'text-muted', 'max-md:hidden')}>{parsed.state === 'wrong' ? (wrong ? parsed.says : '') : describeQuery(parsed.filters)}</span>
      </label>
      <ul id={`${id}-list`} role="listbox" aria-label="What may come next" hidden={offered.length === 0} className="absolute top-full left-0 z-20 m-0 mt-1 min-w-72 list-none rounded-md border border-line bg-raised p-1 shadow-raised">
        {offered.map((option, index) => (
          // The pointer must not take the focus from the line before the click is done.
          <li key={option.text} id={`${id}-${index}`} role="option" aria-selected={index === at} onPointerDown={(event) => event.preventDefault()} onClick={() => write(option.line)}
            className={classes('flex cursor-pointer items-baseline gap-3 rounded-sm px-2 py-1', index === at ? 'bg-accent-soft' : 'hover:bg-sunken')}>
            <code className="text-[12.5px]">{option.text}</code>
            <span className="text-sm text-muted">{option.says}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
