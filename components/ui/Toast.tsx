'use client'
import type { ReactNode } from 'react'
import { Text, UNSTABLE_Toast as AriaToast, UNSTABLE_ToastContent as ToastContent, UNSTABLE_ToastQueue as ToastQueue, UNSTABLE_ToastRegion as ToastRegion } from 'react-aria-components'
import { IconButton } from './Button.tsx'
import { Icon } from './Icon.tsx'
import { StateMark, type MarkState } from './StateMark.tsx'

interface ToastText {
  state: MarkState
  title: string
  detail?: ReactNode
}

const SHOWN_MS = 6000
const queue = new ToastQueue<ToastText>({ maxVisibleToasts: 4 })

/** Says what happened, for six seconds; what failed stays until it is closed. */
export function toast(state: MarkState, title: string, detail?: ReactNode): void {
  queue.add({ state, title, detail }, { timeout: state === 'bad' ? undefined : SHOWN_MS })
}

export function Toasts() {
  return (
    <ToastRegion queue={queue} aria-label="Messages" className="fixed right-4 bottom-4 z-[60] grid w-[min(360px,calc(100vw-2rem))] gap-2 outline-none">
      {({ toast: item }) => (
        <AriaToast toast={item} className="flex items-start gap-2.5 rounded-md border border-line bg-raised px-3 py-2.5 shadow-raised outline-none">
          <StateMark state={item.content.state} className="mt-[5px]" />
          <ToastContent className="grid min-w-0 flex-1">
            <Text slot="title" className="font-medium break-words">{item.content.title}</Text>
            {item.content.detail && <Text slot="description" className="text-base break-words text-muted">{item.content.detail}</Text>}
          </ToastContent>
          <IconButton slot="close" label="Close" small><Icon name="close" size={14} /></IconButton>
        </AriaToast>
      )}
    </ToastRegion>
  )
}
