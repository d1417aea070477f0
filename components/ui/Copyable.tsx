'use client'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { classes } from './classes.ts'
import { Icon } from './Icon.tsx'

const SHOWN_MS = 1600

/** Text with a button that copies it. `code` shows it as a command, `block` over the whole width, `secret` hides nothing but says what it is. */
export function Copyable({ text, code, block, label }: { text: string; code?: boolean; block?: boolean; label?: string }) {
  const [said, setSaid] = useState<'copied' | 'select and copy it by hand' | null>(null)
  const copy = () => {
    const done = (word: 'copied' | 'select and copy it by hand') => {
      setSaid(word)
      setTimeout(() => setSaid(null), SHOWN_MS)
    }
    navigator.clipboard?.writeText(text).then(() => done('copied'), () => done('select and copy it by hand')) ?? done('select and copy it by hand')
  }
  return (
    <span className={classes('min-w-0 max-w-full items-center rounded-md', block ? 'flex' : 'inline-flex', code && 'bg-sunken py-0.5 pr-1 pl-2.5')}>
      <code tabIndex={block ? 0 : undefined} className={classes('min-w-0 text-[12px]', block ? 'flex-1 overflow-x-auto py-1.5 whitespace-pre' : 'truncate', !code && 'font-mono')}>{text}</code>
      <AriaButton onPress={copy} aria-label={`Copy ${label ?? text}`} className="ml-1 grid h-6 w-6 flex-none place-items-center rounded-sm text-muted hover:bg-accent-soft hover:text-text">
        <Icon name={said === 'copied' ? 'check' : 'copy'} size={14} />
      </AriaButton>
      <span role="status" className={said === null || said === 'copied' ? 'sr-only' : 'pl-1 text-xs text-muted'}>{said}</span>
    </span>
  )
}
