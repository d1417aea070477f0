'use client'
import { useRouter, useSearchParams } from 'next/navigation'
import { useEffect, useEffectEvent, useRef } from 'react'
import { keepParams } from '#components/ui/Link.tsx'
import { useTimeRange } from '#components/use-time-range.ts'
import { NAVIGATION } from './navigation.ts'

/** How long `g` waits for the page's key. */
const SEQUENCE_MS = 1200

/** The keys of the whole console. Keys without ⌘ or Ctrl are left alone while somebody types. */
export function useShortcuts({ palette, help }: { palette: () => void; help: () => void }): void {
  const router = useRouter()
  const search = useSearchParams()
  const { paused, pause, resume } = useTimeRange()
  const goUntil = useRef(0)
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      palette()
      return
    }
    if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target) || document.querySelector('[role="dialog"], [role="alertdialog"]')) return
    if (Date.now() < goUntil.current) {
      goUntil.current = 0
      const item = NAVIGATION.flatMap((group) => group.items).find((candidate) => candidate.key === event.key)
      if (item) router.push(keepParams(item.href, search))
    } else if (event.key === 'g') goUntil.current = Date.now() + SEQUENCE_MS
    else if (event.key === '?') help()
    else if (event.key === 'p') void (paused ? resume() : pause())
    else if (event.key === '/') {
      const find = document.querySelector<HTMLInputElement>('[data-find] input, input[data-find]')
      if (!find) return
      event.preventDefault()
      find.focus()
    }
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event)
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}
