'use client'
// A form over any object of the mesh: each field is a path. The object may be half right (somebody types YAML beside it), so
// fields read what is there and never trust a shape.
import { createContext, use, useEffect, type ReactNode } from 'react'
import type { Problem } from '#server/contracts/errors.ts'
import { isRecord, pointerOf, valueAt, withValue, type Path } from './pointer.ts'

export interface FormFinding extends Problem {
  severity: 'error' | 'warning'
}

interface ObjectForm {
  object: Record<string, unknown>
  findings: readonly FormFinding[]
  disabled: boolean
  change: (next: Record<string, unknown>) => void
}

const Form = createContext<ObjectForm | null>(null)

interface ObjectFormProps extends ObjectForm {
  /** The field to go to, as a pointer; focused once it is there. */
  goTo?: string | null
  children: ReactNode
}

export function ObjectFormProvider({ goTo, children, ...form }: ObjectFormProps) {
  useEffect(() => {
    if (goTo) focusField(goTo)
  }, [goTo])
  return <Form value={form}><fieldset disabled={form.disabled} className="m-0 min-w-0 border-0 p-0">{children}</fieldset></Form>
}

/** Focuses the field of a pointer, or the nearest one that holds it. */
export function focusField(pointer: string): void {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = document.querySelector<HTMLElement>(`[data-field="${CSS.escape(at)}"]`)
    if (!place) continue
    place.scrollIntoView({ block: 'center' })
    const control = place.matches('input, textarea, button') ? place : place.querySelector<HTMLElement>('input, textarea, button')
    control?.focus({ preventScroll: true })
    return
  }
}

export interface BoundField {
  pointer: string
  value: unknown
  error: string | undefined
  /** What is wrong with the place or with anything in it. */
  errorsWithin: string | undefined
  warning: string | undefined
  disabled: boolean
  set: (value: unknown) => void
}

/** One place of the object: what it holds, what is wrong with it, and how to change it. `undefined` takes it out. */
export function useBound(path: Path): BoundField {
  const form = use(Form)
  if (!form) throw new Error('a field stands outside of its form')
  const pointer = pointerOf(path)
  const says = (severity: FormFinding['severity'], concerns: (place: string) => boolean) => form.findings.filter((finding) => finding.severity === severity && concerns(finding.pointer)).map((finding) => finding.detail).join(' ') || undefined
  const isHere = (place: string) => place === pointer
  return {
    pointer,
    value: valueAt(form.object, pointer),
    error: says('error', isHere),
    errorsWithin: says('error', (place) => isHere(place) || place.startsWith(`${pointer}/`)),
    warning: says('warning', isHere),
    disabled: form.disabled,
    set: (value) => form.change(withPlace(form.object, path, value) as Record<string, unknown>), // the root of an object form is an object
  }
}

/** Groups whose presence alone means something: `retry: {}` is one retry. The last field taken out takes them out. */
const OPTIONAL_GROUPS = new Set<string | number>(['timeouts', 'retry', 'circuitBreaker', 'connections', 'keepalive', 'slowStart', 'utilization', 'fault', 'delay', 'abort', 'header', 'cookieConfig', 'method'])

function withPlace(object: unknown, path: Path, value: unknown): unknown {
  const next = withValue(object, path, value)
  const group = path.slice(0, -1)
  const left = value === undefined && OPTIONAL_GROUPS.has(group.at(-1) ?? '') ? valueAt(next, pointerOf(group)) : null
  return isRecord(left) && Object.keys(left).length === 0 ? withPlace(next, group, undefined) : next
}
