'use client'
import type { ReactNode } from 'react'
import { Button as AriaButton, Label, ListBox, ListBoxItem, Popover, Select as AriaSelect, SelectValue } from 'react-aria-components'
import { classes } from './classes.ts'
import { buttonClasses } from './Button.tsx'
import { Icon } from './Icon.tsx'

/** One of many, from a list. */
export function Select<T extends string>({ label, labelHidden, options, value, onChange, placeholder, small, className, name }: {
  label: string
  labelHidden?: boolean
  options: readonly { id: T; title: ReactNode; text?: string }[]
  value: T | null
  onChange: (value: T) => void
  placeholder?: string
  small?: boolean
  className?: string
  name?: string
}) {
  return (
    <AriaSelect name={name} selectedKey={value} onSelectionChange={(key) => options.some((option) => option.id === key) && onChange(key as T)} placeholder={placeholder} className={classes('grid min-w-0 gap-1', className)}>
      <Label className={labelHidden ? 'sr-only' : 'text-sm text-muted'}>{label}</Label>
      <AriaButton className={classes(buttonClasses('plain', small), 'w-full justify-between!')}>
        <SelectValue className="truncate data-[placeholder]:text-faint" />
        <Icon name="chevron" size={13} />
      </AriaButton>
      <Popover className={popoverClasses}>
        <ListBox className="max-h-72 min-w-[var(--trigger-width)] overflow-y-auto p-1 outline-none">
          {options.map((option) => (
            <ListBoxItem key={option.id} id={option.id} textValue={option.text ?? (typeof option.title === 'string' ? option.title : option.id)} className={menuItemClasses}>
              {option.title}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  )
}

export const popoverClasses = 'rounded-md border border-line bg-raised shadow-raised outline-none'
export const menuItemClasses = 'flex cursor-pointer items-center gap-2 rounded-sm px-2 py-1.5 text-base outline-none data-[disabled]:text-faint data-[focused]:bg-accent-soft data-[selected]:font-medium'
