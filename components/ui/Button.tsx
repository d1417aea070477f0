'use client'
import type { ReactNode } from 'react'
import { Button as AriaButton, Tooltip, TooltipTrigger, type ButtonProps as AriaButtonProps } from 'react-aria-components'
import { classes } from './classes.ts'
import { Link } from './Link.tsx'

export type ButtonLook = 'plain' | 'primary' | 'quiet' | 'danger'

const LOOKS: Record<ButtonLook, string> = {
  plain: 'border-line-strong bg-raised text-text hover:bg-accent-soft pressed:bg-accent-soft data-[pressed]:bg-accent-soft',
  primary: 'border-accent bg-accent text-on-accent hover:opacity-90 data-[pressed]:opacity-80',
  quiet: 'border-transparent bg-transparent text-muted hover:bg-accent-soft hover:text-text',
  danger: 'border-bad bg-raised text-bad hover:bg-bad-soft',
}

/** The classes of a button, for anything that must look like one. */
export function buttonClasses(look: ButtonLook = 'plain', small = false): string {
  return classes(
    'inline-flex flex-none items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap no-underline transition-colors duration-100 outline-none',
    'data-[focus-visible]:outline-2 data-[focus-visible]:outline-offset-2 data-[focus-visible]:outline-[var(--focus)]',
    'data-[disabled]:border-line data-[disabled]:bg-sunken data-[disabled]:text-faint data-[disabled]:opacity-100',
    small ? 'h-[26px] px-2.5 text-sm' : 'h-[30px] px-3 text-base',
    LOOKS[look],
  )
}

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style'> {
  look?: ButtonLook
  small?: boolean
  /** Why it cannot be pressed now; disables the button and is shown on hover, focus and to screen readers. */
  why?: string | null
  children: ReactNode
  className?: string
}

/**
 * A button says what happens. One that cannot be pressed says why. While its work is under way it keeps focus and cannot be pressed
 * again; the library's own pending state would leave an announcement in the page that names nothing.
 */
export function Button({ look, small, why, isPending, children, className, ...rest }: ButtonProps) {
  const held = Boolean(why) || isPending
  const button = (
    <AriaButton {...rest} isDisabled={why ? false : rest.isDisabled} aria-disabled={held ? true : undefined} data-pending={isPending ? true : undefined} onPress={held ? undefined : rest.onPress} type={held ? 'button' : (rest.type ?? 'button')}
      className={classes(buttonClasses(look, small), why && 'border-line! bg-sunken! text-faint!', isPending && 'animate-sheen cursor-progress', className)}>
      {children}
    </AriaButton>
  )
  if (!why) return button
  return (
    <TooltipTrigger delay={150}>
      {button}
      <Tip>{why}</Tip>
    </TooltipTrigger>
  )
}

/** A square button with an icon; the label is what a screen reader says and what the tooltip shows. */
export function IconButton({ label, children, ...rest }: Omit<ButtonProps, 'aria-label' | 'why'> & { label: string }) {
  return (
    <TooltipTrigger delay={400}>
      <AriaButton {...rest} aria-label={label} className={classes(buttonClasses(rest.look ?? 'quiet', rest.small), rest.small ? 'w-[26px] px-0!' : 'w-[30px] px-0!', rest.className)}>
        {children}
      </AriaButton>
      <Tip>{label}</Tip>
    </TooltipTrigger>
  )
}

export function Tip({ children }: { children: ReactNode }) {
  return (
    <Tooltip offset={6} className="max-w-72 rounded-md bg-accent px-2 py-1 text-xs text-on-accent shadow-raised">
      {children}
    </Tooltip>
  )
}

/** A link that looks like a button, for going somewhere rather than doing something. */
export function ButtonLink({ href, look, small, children, className, 'aria-label': label }: { href: string; look?: ButtonLook; small?: boolean; children: ReactNode; className?: string; 'aria-label'?: string }) {
  return (
    <Link href={href} aria-label={label} className={classes(buttonClasses(look, small), className)}>
      {children}
    </Link>
  )
}
