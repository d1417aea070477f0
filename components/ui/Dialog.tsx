'use client'
import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { IconButton } from './Button.tsx'
import { classes } from './classes.ts'
import { Icon } from './Icon.tsx'

/** A question or a short form over the page; Escape and the backdrop close it, focus goes back to where it was. */
export function Dialog({ title, open, onClose, children, actions, wide, alert }: { title: string; open: boolean; onClose: () => void; children: ReactNode; actions?: ReactNode; wide?: boolean; alert?: boolean }) {
  return (
    <ModalOverlay isOpen={open} onOpenChange={(next) => !next && onClose()} isDismissable={!alert} className="fixed inset-0 z-50 grid items-start justify-items-center overflow-y-auto bg-black/35 p-3 pt-[9vh]">
      <Modal className={classes('w-full outline-none', wide ? 'max-w-3xl' : 'max-w-lg')}>
        <AriaDialog role={alert ? 'alertdialog' : 'dialog'} className="rounded-lg border border-line bg-raised shadow-raised outline-none">
          <header className="flex items-center gap-2 px-4 pt-3">
            <Heading slot="title" className="m-0 min-w-0 flex-1 text-lg font-semibold break-words">{title}</Heading>
            <IconButton label="Close" small onPress={onClose}><Icon name="close" /></IconButton>
          </header>
          <div className="px-4 pt-2 pb-4">{children}</div>
          {actions && <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3">{actions}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
