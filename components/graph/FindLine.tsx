'use client'
import { useState } from 'react'
import { classes } from '#components/ui/classes.ts'
import { Completions } from '#components/ui/Completions.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { useCompletion, type Completion } from '#components/ui/use-completion.ts'
import type { FindResult } from './find.ts'

interface FindLineProps {
  find: string
  onFind: (text: string) => void
  found: FindResult
  offer: (line: string) => Completion[]
  only: boolean
  onOnly: (only: boolean) => void
}

/** The find expression, with what may come next below it; what does not match is dim, or hidden. */
export function FindLine({ find, onFind, found, offer, only, onOnly }: FindLineProps) {
  const [writing, setWriting] = useState(false)
  const offered = writing ? offer(find) : []
  const completion = useCompletion({
    offered,
    onTake: onFind,
    onEscape: () => {
      onFind('')
      return true
    },
  })
  // Half a condition is not wrong while the rest of it is offered.
  const wrong = found.state === 'wrong' && offered.length === 0
  return (
    <div className="relative min-w-0 max-md:w-full md:w-[400px]">
      <label data-find className={classes('flex h-[30px] items-center gap-2 rounded-md border bg-surface px-2.5 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-[var(--focus)]', wrong ? 'border-bad' : 'border-line-strong')}>
        <span className="text-sm text-faint">Find</span>
        <input
          {...completion.input}
          value={find}
          onChange={(event) => {
            completion.forget()
            onFind(event.target.value)
          }}
          onFocus={() => setWriting(true)}
          onBlur={() => setWriting(false)}
          placeholder="edge error > 1 %"
          aria-invalid={wrong}
          aria-describedby="found"
          maxLength={500}
          className="min-w-0 flex-1 bg-transparent font-mono text-[12px] outline-none placeholder:text-faint"
        />
        {found.state === 'found' && <span className="flex-none text-xs text-muted" aria-hidden>{found.says}</span>}
        {found.state === 'found' && <button type="button" aria-pressed={only} onClick={() => onOnly(!only)} className={classes('flex-none rounded-sm px-1.5 text-xs', only ? 'bg-accent text-on-accent' : 'text-muted underline hover:text-text')}>{only ? 'Rest hidden' : 'Hide the rest'}</button>}
        {find !== '' && (
          <button type="button" aria-label="Clear" onClick={() => onFind('')} className="grid h-5 w-5 flex-none place-items-center rounded-sm text-muted hover:text-text">
            <Icon name="close" size={13} />
          </button>
        )}
      </label>
      <Completions offered={offered} completion={completion} />
      <p id="found" role="status" className={wrong ? 'm-0 mt-1 rounded-md border border-line bg-surface px-2.5 py-1 text-xs text-bad' : 'sr-only'}>
        {wrong || found.state === 'found' ? found.says : ''}
      </p>
    </div>
  )
}
