'use client'
import { useState, type ReactNode } from 'react'
import { Button, IconButton } from '#components/ui/Button.tsx'
import { Field, Switch } from '#components/ui/Field.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { Select } from '#components/ui/Select.tsx'
import { useBound } from './form-context.tsx'
import { sameValue, type Path } from './pointer.ts'

interface BoundProps {
  path: Path
  label: string
  labelHidden?: boolean
  className?: string
}

/** A line of text at a path; empty takes an optional field out. */
export function TextAt({ path, optional, ...rest }: BoundProps & { optional?: boolean; placeholder?: string; mono?: boolean; hint?: ReactNode }) {
  const { pointer, value, error, warning, disabled, set } = useBound(path)
  return (
    <div data-field={pointer} className={`min-w-0 ${rest.className ?? ''}`}>
      <Field {...rest} className="" value={value === undefined || value === null ? '' : String(value)} isDisabled={disabled} error={error} hint={warning ? <span className="text-warn">{warning}</span> : rest.hint} onChange={(text) => set(optional && text === '' ? undefined : text)} />
    </div>
  )
}

/** A whole number at a path. What is not one stays as it was typed, so that the finding can say so. */
export function NumberAt({ path, optional, ...rest }: BoundProps & { optional?: boolean; placeholder?: string; hint?: ReactNode }) {
  const { pointer, value, error, disabled, set } = useBound(path)
  return (
    <div data-field={pointer} className={`min-w-0 ${rest.className ?? ''}`}>
      <Field {...rest} className="" inputMode="numeric" value={value === undefined || value === null ? '' : String(value)} isDisabled={disabled} error={error} onChange={(text) => set(text === '' ? (optional ? undefined : '') : /^-?\d{1,15}$/.test(text) ? Number(text) : text)} />
    </div>
  )
}

const wordsOf = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '')

/** A list of words in one line, with commas or spaces between them; none takes the field out. */
export function WordsAt({ path, as = (word) => word, ...rest }: BoundProps & { placeholder?: string; hint?: ReactNode; as?: (word: string) => string }) {
  const { pointer, value, errorsWithin, disabled, set } = useBound(path)
  const items: unknown[] = Array.isArray(value) ? value : []
  const [typed, setTyped] = useState('')
  // What was typed stands, half a word and all, while it still means the list; another editor's words come as they are.
  const shown = sameValue(wordsOf(typed).map(as), items) ? typed : items.join(', ')
  const change = (text: string) => {
    setTyped(text)
    const words = wordsOf(text).map(as)
    set(words.length > 0 ? words : undefined)
  }
  return (
    <div data-field={pointer} className={`min-w-0 ${rest.className ?? ''}`}>
      <Field {...rest} mono className="" value={shown} isDisabled={disabled} error={errorsWithin} onChange={change} />
    </div>
  )
}

/** Yes or no at a path; no takes the field out. */
export function SwitchAt({ path, label }: { path: Path; label: string }) {
  const { pointer, value, disabled, set } = useBound(path)
  return <div data-field={pointer} className="min-w-0 self-end py-1.5"><Switch isSelected={value === true} isDisabled={disabled} onChange={(on) => set(on ? true : undefined)}>{label}</Switch></div>
}

export function ChoiceAt<T extends string>({ path, label, labelHidden, className, options, fallback, none }: BoundProps & { options: readonly { id: T; title: string }[]; fallback?: T; none?: string }) {
  const { pointer, value, error, disabled, set } = useBound(path)
  const all = none === undefined ? options : [{ id: NONE as T, title: none }, ...options]
  const chosen = all.find((option) => option.id === value)?.id ?? (value === undefined ? (fallback ?? (none === undefined ? null : (NONE as T))) : null)
  return (
    <div data-field={pointer} className={`min-w-0 ${className ?? ''}`}>
      {disabled
        ? <Field label={label} labelHidden={labelHidden} isDisabled value={String(all.find((option) => option.id === chosen)?.title ?? value ?? '')} />
        : <Select label={label} labelHidden={labelHidden} options={all} value={chosen} placeholder={typeof value === 'string' ? value : 'choose'} onChange={(id) => set(id === NONE ? undefined : id)} />}
      {error && <p className="m-0 pt-1 text-xs text-bad">{error}</p>}
    </div>
  )
}

const NONE = '\u0000none'

interface ListAtProps {
  path: Path
  title: string
  /** What one of them is called: “header match”. */
  one: string
  fresh: () => unknown
  children: (path: Path, index: number) => ReactNode
  /** Said when there is none. */
  empty?: ReactNode
  max: number
  /** In order of meaning, so that it can be moved. */
  ordered?: boolean
  /** An empty list means something, and stays. */
  keep?: boolean
}

/** A list at a path, with its own add, remove and move; the last one taken out takes the list out. */
export function ListAt({ path, title, one, fresh, children, empty, max, ordered, keep }: ListAtProps) {
  const { pointer, value, error, disabled, set } = useBound(path)
  const items: unknown[] = Array.isArray(value) ? value : []
  const move = (from: number, to: number) => set(items.with(from, items[to]).with(to, items[from]))
  return (
    <div data-field={pointer} className="grid min-w-0 gap-2" role="group" aria-label={title}>
      <div className="flex min-h-[26px] items-center gap-2">
        <span className="text-sm text-muted">{title}{items.length === 0 && empty ? <span className="text-faint"> {empty}</span> : null}</span>
        {!disabled && items.length < max && <Button small look="quiet" onPress={() => set([...items, fresh()])}><Icon name="plus" size={13} />Add {one}</Button>}
        {items.length >= max && <span className="text-xs text-faint">at most {max}</span>}
      </div>
      {error && <p className="m-0 text-xs text-bad">{error}</p>}
      {items.map((_, index) => (
        <div key={index} className="flex min-w-0 items-start gap-1.5">
          <div className="min-w-0 flex-1">{children([...path, index], index)}</div>
          {!disabled && (
            <span className="flex flex-none">
              {ordered && index > 0 && <IconButton small label={`Move ${one} ${index + 1} up`} onPress={() => move(index, index - 1)}><Icon name="chevron" size={14} className="rotate-180" /></IconButton>}
              <IconButton small label={`Remove ${one} ${index + 1}`} onPress={() => set(items.length === 1 && !keep ? undefined : items.toSpliced(index, 1))}><Icon name="trash" size={14} /></IconButton>
            </span>
          )}
        </div>
      ))}
    </div>
  )
}
