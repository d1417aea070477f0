'use client'
import type { ReactNode } from 'react'
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components'
import { classes } from './classes.ts'

/** One of a few: pressing the chosen one changes nothing. */
export function Segmented<T extends string>({ label, options, value, onChange, className }: { label: string; options: readonly { id: T; title: ReactNode }[]; value: T | null; onChange: (value: T) => void; className?: string }) {
  return (
    <ToggleButtonGroup
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection={value !== null}
      selectedKeys={value === null ? [] : [value]}
      onSelectionChange={(keys) => {
        const chosen = options.find((option) => keys.has(option.id))
        if (chosen && chosen.id !== value) onChange(chosen.id)
      }}
      className={classes('inline-flex max-w-full flex-none overflow-x-auto rounded-md border border-line-strong bg-raised', className)}
    >
      {options.map((option) => (
        <ToggleButton key={option.id} id={option.id} className="h-7 flex-none border-l border-line px-2.5 text-sm whitespace-nowrap text-muted first:border-l-0 hover:text-text data-[focus-visible]:-outline-offset-2 data-[selected]:bg-accent data-[selected]:font-medium data-[selected]:text-on-accent">
          {option.title}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
