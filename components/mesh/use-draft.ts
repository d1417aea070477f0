'use client'
import { useEffect, useMemo, useState } from 'react'
import type { MeshObject } from '#server/contracts/object.ts'
import { editable } from './editable.ts'
import { sameValue } from './pointer.ts'
import { editYaml, parseYaml, writeYaml, type ParsedYaml } from './yaml.ts'

interface Edit {
  text: string
  /** The stored object that the edit began from; null for a new one. */
  base: MeshObject | null
}

export interface Draft {
  /** The one truth of the editor: form and YAML both read and write this text. */
  text: string
  parsed: ParsedYaml
  base: MeshObject | null
  /** True when the text means something else than the base. */
  changed: boolean
  /** What is stored now, when that is no longer the base. */
  newer: MeshObject | null
  setText: (text: string) => void
  setObject: (object: Record<string, unknown>) => void
  /** Goes on from another stored form, with these contents. */
  rebase: (base: MeshObject, object: Record<string, unknown>) => void
  discard: () => void
}

/** An edit under way: it outlives a reload (in this tab) and never follows the stored object behind a person's back. */
export function useDraft(key: string, stored: MeshObject | null, fresh: () => Record<string, unknown>): Draft {
  const [edit, setEdit] = useState<Edit | null>(null)
  const storedText = useMemo(() => writeYaml(stored ? editable(stored) : fresh()), [stored]) // eslint-disable-line react-hooks/exhaustive-deps -- a fresh object is made once
  useEffect(() => setEdit(readSaved(key)), [key])
  const keep = (next: Edit | null) => {
    setEdit(next)
    save(key, next)
  }
  const text = edit?.text ?? storedText
  const base = edit ? edit.base : stored
  const parsed = useMemo(() => parseYaml(text), [text])
  const before = useMemo(() => (base ? editable(base) : null), [base])
  const setText = (next: string) => keep(next === storedText && (edit === null || edit.base === stored) ? null : { text: next, base })
  return {
    text,
    parsed,
    base,
    changed: before === null || !parsed.readable || !sameValue(parsed.object, before),
    newer: edit && stored && edit.base && stored.metadata.resourceVersion !== edit.base.metadata.resourceVersion ? stored : null,
    setText,
    setObject: (object) => setText(editYaml(text, object)),
    rebase: (nextBase, object) => keep({ base: nextBase, text: editYaml(text, object) }),
    discard: () => keep(null),
  }
}

const PREFIX = 'heddle.draft:'

function readSaved(key: string): Edit | null {
  try {
    const saved = sessionStorage.getItem(PREFIX + key)
    return saved === null ? null : (JSON.parse(saved) as Edit) // written by `save` alone
  } catch {
    return null
  }
}

function save(key: string, edit: Edit | null): void {
  try {
    if (edit === null) sessionStorage.removeItem(PREFIX + key)
    else sessionStorage.setItem(PREFIX + key, JSON.stringify(edit))
  } catch {
    // A full or forbidden storage costs the draft on reload, nothing else.
  }
}
