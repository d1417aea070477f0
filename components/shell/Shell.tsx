'use client'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import { useRouter } from 'next/navigation'
import { useState, type ReactNode } from 'react'
import { I18nProvider, Modal, ModalOverlay, Dialog as AriaDialog, RouterProvider } from 'react-aria-components'
import { LiveProvider } from '#components/live.tsx'
import { IconButton } from '#components/ui/Button.tsx'
import { Icon, Mark } from '#components/ui/Icon.tsx'
import { Kbd } from '#components/ui/Kbd.tsx'
import { Link } from '#components/ui/Link.tsx'
import { Toasts } from '#components/ui/Toast.tsx'
import { PersonContext } from './access.ts'
import { HelpSheet } from './HelpSheet.tsx'
import { LiveIndicator } from './LiveIndicator.tsx'
import { Navigation } from './Navigation.tsx'
import { Palette } from './Palette.tsx'
import { PartsNotice } from './PartsNotice.tsx'
import { PersonMenu } from './PersonMenu.tsx'
import { useShortcuts } from './shortcuts.ts'
import { ThemeMenu } from './ThemeMenu.tsx'
import { TimeRangePicker } from './TimeRangePicker.tsx'

export interface Person {
  name: string
  role: string
}

/** What stands around every page: where to go, what time is shown, is it live, and who is here. */
export function Shell({ person, children }: { person: Person; children: ReactNode }) {
  const router = useRouter()
  return (
    <NuqsAdapter>
      <I18nProvider locale="en-GB">
        <RouterProvider navigate={(href) => router.push(href)}>
          <LiveProvider>
            <PersonContext value={person}>
              <Frame person={person}>{children}</Frame>
            </PersonContext>
            <Toasts />
          </LiveProvider>
        </RouterProvider>
      </I18nProvider>
    </NuqsAdapter>
  )
}

function Frame({ person, children }: { person: Person; children: ReactNode }) {
  const [open, setOpen] = useState<'palette' | 'help' | 'menu' | null>(null)
  useShortcuts({ palette: () => setOpen('palette'), help: () => setOpen('help') })
  const close = () => setOpen(null)
  return (
    <div className="grid h-dvh grid-cols-[minmax(0,1fr)] grid-rows-[48px_minmax(0,1fr)] md:grid-cols-[208px_minmax(0,1fr)]">
      <a href="#main" className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2">To the page</a>
      <div className="hidden items-center gap-2.5 border-r border-b border-line bg-surface px-4 font-semibold tracking-[-0.01em] md:flex">
        <Mark />
        <Link href="/" className="no-underline">Heddle</Link>
      </div>
      <header className="flex items-center gap-2 border-b border-line bg-surface px-3 md:gap-2.5 md:px-4">
        <span className="flex items-center md:hidden">
          <IconButton label="Navigation" onPress={() => setOpen('menu')}><Icon name="menu" size={18} /></IconButton>
          <span className="ml-1"><Mark /></span>
        </span>
        <button type="button" onClick={() => setOpen('palette')} aria-keyshortcuts="Meta+K Control+K" className="flex h-[30px] min-w-[30px] items-center gap-2 rounded-md border border-line-strong bg-sunken px-2 text-base text-faint md:w-[270px]">
          <Icon name="search" />
          <span className="truncate max-md:sr-only">Find an agent, a trace, an action</span>
          <span aria-hidden className="ml-auto hidden md:inline"><Kbd>⌘K</Kbd></span>
        </button>
        <span className="flex-1" />
        <LiveIndicator />
        <TimeRangePicker />
        <span className="max-md:hidden"><IconButton label="Keys and commands (?)" onPress={() => setOpen('help')}><Icon name="help" /></IconButton></span>
        <ThemeMenu />
        <PersonMenu person={person} />
      </header>
      <div className="hidden min-h-0 border-r border-line bg-surface md:block"><Navigation /></div>
      <main id="main" tabIndex={-1} className="flex min-h-0 min-w-0 flex-col overflow-y-auto outline-none"><PartsNotice /><div className="relative flex-[1_0_auto]">{children}</div></main>
      <ModalOverlay isOpen={open === 'menu'} onOpenChange={close} isDismissable className="fixed inset-0 z-50 bg-black/35">
        <Modal className="h-full w-64 border-r border-line bg-surface outline-none">
          <AriaDialog aria-label="Navigation" className="h-full outline-none"><Navigation onGo={close} /></AriaDialog>
        </Modal>
      </ModalOverlay>
      {open === 'palette' && <Palette onClose={close} onHelp={() => setOpen('help')} />}
      {open === 'help' && <HelpSheet onClose={close} />}
    </div>
  )
}
