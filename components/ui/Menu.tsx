'use client'
import type { ReactNode } from 'react'
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { menuItemClasses, popoverClasses } from './Select.tsx'

export interface MenuAction {
  id: string
  title: ReactNode
  text?: string
  href?: string
  onAction?: () => void
}

/** A button (the child) and what it opens. */
export function Menu({ label, items, children }: { label: string; items: readonly MenuAction[]; children: ReactNode }) {
  return (
    <MenuTrigger>
      {children}
      <Popover className={popoverClasses} placement="bottom end">
        <AriaMenu aria-label={label} className="min-w-44 p-1 outline-none">
          {items.map((item) => (
            <MenuItem key={item.id} id={item.id} href={item.href} onAction={item.onAction} textValue={item.text ?? (typeof item.title === 'string' ? item.title : item.id)} className={`${menuItemClasses} no-underline`}>
              {item.title}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}
