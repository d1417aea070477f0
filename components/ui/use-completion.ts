'use client'
import { useId, useState, type KeyboardEvent } from 'react'

export interface Completion {
  /** The whole line with this taken. */
  line: string
  text: string
  says: string
}

/** The keys and the roles of a line that completes itself: arrows go through what is offered, Enter and Tab take it, Escape is `onEscape`. */
export function useCompletion({ offered, onTake, onEscape }: { offered: readonly Completion[]; onTake: (line: string) => void; onEscape: () => boolean }) {
  const [at, setAt] = useState(-1)
  const id = useId()
  const take = (line: string) => {
    setAt(-1)
    onTake(line)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const taken = offered[at]
    if (move && offered.length > 0) setAt((at + move + offered.length + (at < 0 && move < 0 ? 1 : 0)) % offered.length)
    else if ((event.key === 'Enter' || event.key === 'Tab') && taken) take(taken.line)
    else if (event.key !== 'Escape' || !onEscape()) return
    event.preventDefault()
  }
  return {
    at, id, take,
    forget: () => setAt(-1),
    input: { role: 'combobox', 'aria-expanded': offered.length > 0, 'aria-controls': `${id}-list`, 'aria-autocomplete': 'list', 'aria-activedescendant': at >= 0 && at < offered.length ? `${id}-${at}` : undefined, onKeyDown, spellCheck: false, autoComplete: 'off' } as const,
  }
}
