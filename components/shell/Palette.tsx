'use client'
import { useQuery } from '@tanstack/react-query'
import { useRouter, useSearchParams } from 'next/navigation'
import { useId, useState, type KeyboardEvent } from 'react'
import { Dialog as AriaDialog, Modal, ModalOverlay } from 'react-aria-components'
import { classes } from '#components/ui/classes.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { Kbd } from '#components/ui/Kbd.tsx'
import { keepParams } from '#components/ui/Link.tsx'
import { FIXED_ITEMS, findItems, type PaletteItem } from './palette-items.ts'
import { readPaletteObjects } from './palette-objects.ts'
import { signOut } from './session.ts'
import { applyTheme } from './theme.ts'

/** ⌘K: any page, agent, route, trace or action, by typing a piece of its name. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const router = useRouter()
  const search = useSearchParams()
  const list = useId()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const objects = useQuery({ queryKey: ['palette'], queryFn: readPaletteObjects, staleTime: 10_000 })
  const actions: PaletteItem[] = [
    { id: 'light', group: 'Actions', title: 'Light theme', note: '', icon: 'sun', run: () => applyTheme('light') },
    { id: 'dark', group: 'Actions', title: 'Dark theme', note: '', icon: 'moon', run: () => applyTheme('dark') },
    { id: 'keys', group: 'Actions', title: 'Keys', note: '', icon: 'help', run: onHelp },
    { id: 'out', group: 'Actions', title: 'Sign out', note: '', icon: 'person', run: () => void signOut() },
  ]
  const items = findItems([...FIXED_ITEMS, ...actions, ...(objects.data ?? [])], text)
  const chosen = items[Math.min(at, items.length - 1)]
  const choose = (item: PaletteItem) => {
    onClose()
    if (item.href) router.push(keepParams(item.href, search))
    item.run?.()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && items.length > 0) {
      event.preventDefault()
      const next = (Math.min(at, items.length - 1) + step + items.length) % items.length
      setAt(next)
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter' && chosen) choose(chosen)
  }
  return (
    <ModalOverlay isOpen onOpenChange={(open) => !open && onClose()} isDismissable className="fixed inset-0 z-50 grid items-start justify-items-center bg-black/35 p-3 pt-[11vh]">
      <Modal className="w-full max-w-xl outline-none">
        <AriaDialog aria-label="Find an agent, a trace, an action" className="overflow-hidden rounded-lg border border-line bg-raised shadow-raised outline-none">
          <div className="flex items-center gap-2.5 border-b border-line px-4">
            <Icon name="search" className="text-faint" />
            <input
              autoFocus
              role="combobox"
              aria-expanded="true"
              aria-controls={list}
              aria-activedescendant={chosen ? `${list}-${items.indexOf(chosen)}` : undefined}
              aria-label="Find"
              value={text}
              onChange={(event) => {
                setText(event.target.value)
                setAt(0)
              }}
              onKeyDown={onKeyDown}
              placeholder="Find an agent, a trace by its id, an action"
              className="h-11 min-w-0 flex-1 bg-transparent text-md outline-none placeholder:text-faint"
            />
            <Kbd>esc</Kbd>
          </div>
          <ul id={list} role="listbox" aria-label="Found" className="m-0 max-h-[52vh] list-none overflow-y-auto p-1.5">
            {items.map((item, index) => (
              <li
                key={`${item.group}-${item.id}`}
                id={`${list}-${index}`}
                role="option"
                aria-selected={item === chosen}
                onPointerMove={() => setAt(index)}
                onClick={() => choose(item)}
                className={classes('flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 text-base', item === chosen && 'bg-accent-soft')}
              >
                <Icon name={item.icon} className="text-muted" />
                <span className="min-w-0 truncate">{item.title}</span>
                <span className="min-w-0 truncate text-muted">{item.note}</span>
                <span className="ml-auto flex-none text-xs text-faint">{item.group}</span>
              </li>
            ))}
          </ul>
          <p role="status" className={items.length === 0 ? 'm-0 px-4 pb-4 text-base text-muted' : 'sr-only'}>
            {items.length === 0 ? `Nothing is called “${text.slice(0, 60)}”.` : `${items.length} found`}
          </p>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
