'use client'
import { useState } from 'react'
import { ATTRIBUTES_MAX, parseAttribute, type AttributeName } from '#server/contracts/telemetry.ts'
import { inputClasses } from '#components/ui/Field.tsx'
import { Icon } from '#components/ui/Icon.tsx'

interface AttributesProps {
  /** `name=value`, each. */
  written: readonly string[]
  names: readonly AttributeName[]
  onWritten: (attr: string[]) => void
}

/** Attributes that a span must have: one field for the next, and what is asked already with a way to take it out. */
export function Attributes({ written, names, onWritten }: AttributesProps) {
  const [typed, setTyped] = useState('')
  const known = names.find((each) => typed.startsWith(`${each.name}=`))
  const options = known ? known.values.map((value) => `${known.name}=${value}`) : names.map((each) => `${each.name}=`)
  const add = () => {
    if (parseAttribute(typed) === null) return
    onWritten([...written.filter((text) => text !== typed), typed])
    setTyped('')
  }
  return (
    <div className="flex min-w-0 flex-wrap items-end gap-2">
      {written.map((text) => (
        <button key={text} type="button" onClick={() => onWritten(written.filter((other) => other !== text))} aria-label={`Without ${text}`}
          className="flex h-[30px] max-w-72 items-center gap-1.5 rounded-md border border-line bg-sunken px-2 font-mono text-[12.5px] hover:border-line-strong">
          <span className="truncate">{text}</span><Icon name="close" size={12} />
        </button>
      ))}
      {written.length < ATTRIBUTES_MAX && (
        <label className="grid w-52 min-w-0 gap-1 max-md:w-full">
          <span className="text-sm text-muted">Attribute</span>
          <input list="attribute-names" value={typed} onChange={(event) => setTyped(event.target.value)} onBlur={add} onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); add() } }}
            placeholder="http.route=/tasks" maxLength={1024} spellCheck={false} autoComplete="off" className={inputClasses} />
          <datalist id="attribute-names">{options.map((option) => <option key={option} value={option} />)}</datalist>
        </label>
      )}
    </div>
  )
}
