'use client'
import type { ReactNode, Ref } from 'react'
import { Checkbox as AriaCheckbox, FieldError, Input as AriaInput, Label, NumberField as AriaNumberField, Switch as AriaSwitch, Text, TextArea, TextField, type NumberFieldProps, type TextFieldProps } from 'react-aria-components'
import { classes } from './classes.ts'
import { Icon } from './Icon.tsx'

export const inputClasses =
  'h-[30px] w-full min-w-0 rounded-md border border-line-strong bg-surface px-2.5 text-base text-text outline-none placeholder:text-faint data-[focused]:outline-2 data-[focused]:outline-offset-1 data-[focused]:outline-[var(--focus)] data-[invalid]:border-bad data-[disabled]:bg-sunken data-[disabled]:text-faint'

export interface FieldProps extends Omit<TextFieldProps, 'className' | 'children' | 'style'> {
  label: string
  /** Hides the label from sight where its place says it; it is still read out. */
  labelHidden?: boolean
  hint?: ReactNode
  /** What is wrong with it, in a sentence; shown under it and read out. */
  error?: ReactNode
  placeholder?: string
  mono?: boolean
  rows?: number
  inputRef?: Ref<HTMLInputElement>
  className?: string
}

/** One line of text, or `rows` of it, with its label, hint and error. */
export function Field({ label, labelHidden, hint, error, placeholder, mono, rows, inputRef, className, ...rest }: FieldProps) {
  return (
    <TextField {...rest} isInvalid={Boolean(error)} validationBehavior="aria" className={classes('grid min-w-0 gap-1', className)}>
      <Label className={labelHidden ? 'sr-only' : 'text-sm text-muted'}>{label}</Label>
      {rows ? (
        <TextArea rows={rows} placeholder={placeholder} className={classes(inputClasses, 'h-auto! py-1.5', mono && 'font-mono')} />
      ) : (
        <AriaInput ref={inputRef} placeholder={placeholder} className={classes(inputClasses, mono && 'font-mono')} />
      )}
      {hint && <Text slot="description" className="text-xs text-faint">{hint}</Text>}
      <FieldError className="text-xs text-bad">{error}</FieldError>
    </TextField>
  )
}

/** A number with its unit; arrow keys step. */
export function NumberInput({ label, labelHidden, unit, hint, error, className, ...rest }: Omit<NumberFieldProps, 'className' | 'children' | 'style'> & { label: string; labelHidden?: boolean; unit?: string; hint?: ReactNode; error?: ReactNode; className?: string }) {
  return (
    <AriaNumberField {...rest} isInvalid={Boolean(error)} validationBehavior="aria" className={classes('grid min-w-0 gap-1', className)}>
      <Label className={labelHidden ? 'sr-only' : 'text-sm text-muted'}>{label}</Label>
      <span className="relative">
        <AriaInput className={classes(inputClasses, 'text-right tabular-nums', unit && 'pr-7!')} />
        {unit && <span aria-hidden className="pointer-events-none absolute top-1.5 right-2.5 text-base text-muted">{unit}</span>}
      </span>
      {hint && <Text slot="description" className="text-xs text-faint">{hint}</Text>}
      <FieldError className="text-xs text-bad">{error}</FieldError>
    </AriaNumberField>
  )
}

export function Checkbox({ children, ...rest }: { children: ReactNode; isSelected?: boolean; defaultSelected?: boolean; onChange?: (on: boolean) => void; isDisabled?: boolean; name?: string }) {
  return (
    <AriaCheckbox {...rest} className="group flex items-center gap-2 text-base">
      <span aria-hidden className="grid h-4 w-4 flex-none place-items-center rounded-sm border border-line-strong bg-surface group-data-[focus-visible]:outline-2 group-data-[focus-visible]:outline-[var(--focus)] group-data-[selected]:border-accent group-data-[selected]:bg-accent group-data-[selected]:text-on-accent">
        <Icon name="check" size={12} className="opacity-0 group-data-[selected]:opacity-100" />
      </span>
      {children}
    </AriaCheckbox>
  )
}

export function Switch({ children, ...rest }: { children: ReactNode; isSelected?: boolean; onChange?: (on: boolean) => void; isDisabled?: boolean }) {
  return (
    <AriaSwitch {...rest} className="group flex items-center gap-2 text-base">
      <span aria-hidden className="flex h-[18px] w-8 flex-none items-center rounded-full border border-line-strong bg-sunken px-[2px] transition-colors duration-100 group-data-[focus-visible]:outline-2 group-data-[focus-visible]:outline-[var(--focus)] group-data-[selected]:border-accent group-data-[selected]:bg-accent">
        <span className="h-3 w-3 rounded-full bg-line-strong transition-transform duration-100 group-data-[selected]:translate-x-3.5 group-data-[selected]:bg-on-accent" />
      </span>
      {children}
    </AriaSwitch>
  )
}
