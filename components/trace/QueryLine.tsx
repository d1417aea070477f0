'use client'
import type { AttributeName } from '#server/contracts/telemetry.ts'
import { useId, useState } from 'react'
import { Completions } from '#components/ui/Completions.tsx'
import { useCompletion } from '#components/ui/use-completion.ts'
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
  const id = useId()
  const line = typed ?? writeQuery(filters)
  const parsed = parseQuery(line)
  const offered = typed === null ? [] : completeQuery(typed, services, attributes)
  const write = (next: string) => {
    setTyped(next)
    completion.forget()
    const read = parseQuery(next)
    if (read.state === 'read') onFilters(read.filters)
  }
  const completion = useCompletion({
    offered,
    onTake: (next) => write(next),
    onEscape: () => {
      setTyped(null)
      return typed !== null
    },
  })
  const wrong = parsed.state === 'wrong' && offered.length === 0
  return (
    <div className="relative min-w-0">
      <label className={classes('flex h-[34px] items-center gap-2.5 rounded-md border bg-surface px-3 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-[var(--focus)]', wrong ? 'border-bad' : 'border-line-strong')}>
        <span className="text-sm text-faint">Query</span>
        <input
          {...completion.input} aria-invalid={wrong} aria-describedby={`${id}-says`}
          value={line} onChange={(event) => write(event.target.value)} onFocus={() => setTyped(line)} onBlur={() => { setTyped(null); completion.forget() }}
          placeholder="service = writer and duration > 200ms and status = error" maxLength={500}
          className="min-w-0 flex-1 bg-transparent font-mono text-[12.5px] outline-none placeholder:text-faint"
        />
        <span id={`${id}-says`} role="status" className={classes('max-w-[50%] flex-none truncate text-sm', wrong ? 'text-bad' : 'text-muted', 'max-md:hidden')}>{parsed.state === 'wrong' ? (wrong ? parsed.says : '') : describeQuery(parsed.filters)}</span>
      </label>
      {parsed.state !== 'wrong' || wrong ? <p className={classes('m-0 mt-1 text-sm md:hidden', wrong ? 'text-bad' : 'text-muted')}>{parsed.state === 'wrong' ? parsed.says : describeQuery(parsed.filters)}</p> : null}
      <Completions offered={offered} completion={completion} />
    </div>
  )
}
