'use client'
import { useSyncExternalStore, type ReactNode } from 'react'
import { Dialog as AriaDialog, Modal, ModalOverlay } from 'react-aria-components'
import { IconButton } from './Button.tsx'
import { classes } from './classes.ts'
import { Icon } from './Icon.tsx'

const NARROW = '(max-width: 900px)'

/** Detail beside a page: a panel at the right, on small screens a sheet from below. Escape closes both. */
export function Panel({ title, tags, actions, onClose, children, className }: { title: string; tags?: ReactNode; actions?: ReactNode; onClose?: () => void; children: ReactNode; className?: string }) {
  const narrow = useMedia(NARROW)
  const body = (
    <>
      <header className="sticky top-0 z-10 flex items-center gap-2 rounded-t-lg bg-surface px-4 pt-3 pb-1">
        <h2 className="m-0 min-w-0 truncate text-md font-semibold" title={title}>{title}</h2>
        {tags}
        <span className="ml-auto flex items-center gap-1">
          {actions}
          {onClose && <IconButton label="Close" small onPress={onClose}><Icon name="close" /></IconButton>}
        </span>
      </header>
      <div className="px-4 pt-1 pb-4">{children}</div>
    </>
  )
  if (narrow)
    return (
      <ModalOverlay isOpen onOpenChange={(open) => !open && onClose?.()} isDismissable={onClose !== undefined} className="fixed inset-0 z-40 bg-black/35">
        <Modal className="absolute inset-x-0 bottom-0 max-h-[82vh] overflow-y-auto rounded-t-lg border-t border-line bg-surface shadow-raised outline-none">
          <AriaDialog aria-label={title} className="outline-none">{body}</AriaDialog>
        </Modal>
      </ModalOverlay>
    )
  return (
    <aside aria-label={title} onKeyDown={(event) => event.key === 'Escape' && onClose?.()} className={classes('w-[348px] flex-none overflow-y-auto rounded-lg border border-line bg-surface', className)}>
      {body}
    </aside>
  )
}

/** Whether a media query holds; false on the server. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query)
      list.addEventListener('change', changed)
      return () => list.removeEventListener('change', changed)
    },
    () => matchMedia(query).matches,
    () => false,
  )
}
