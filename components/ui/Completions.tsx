'use client'
import { classes } from './classes.ts'
import type { Completion, useCompletion } from './use-completion.ts'

/** What may come next, below the line. */
export function Completions({ offered, completion: { at, id, take } }: { offered: readonly Completion[]; completion: ReturnType<typeof useCompletion> }) {
  return (
    <ul id={`${id}-list`} role="listbox" aria-label="What may come next" hidden={offered.length === 0} className="absolute top-full left-0 z-20 m-0 mt-1 min-w-72 max-w-full list-none rounded-md border border-line bg-raised p-1 shadow-raised">
      {offered.map((option, index) => (
        // The pointer must not take the focus from the line before the click is done.
        <li key={option.text} id={`${id}-${index}`} role="option" aria-selected={index === at} onPointerDown={(event) => event.preventDefault()} onClick={() => take(option.line)}
          className={classes('flex cursor-pointer items-baseline gap-3 rounded-sm px-2 py-1', index === at ? 'bg-accent-soft' : 'hover:bg-sunken')}>
          <code className="text-[12.5px]">{option.text}</code>
          <span className="truncate text-sm text-muted">{option.says}</span>
        </li>
      ))}
    </ul>
  )
}
