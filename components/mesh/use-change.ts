'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useMemo, useState } from 'react'
import { MeshError } from '#server/contracts/errors.ts'
import { KINDS, type Kind, type MeshObject, type ObjectRef } from '#server/contracts/object.ts'
import { problemsOf } from '#server/contracts/problems.ts'
import type { DryRun } from '#server/contracts/status.ts'
import type { FormFinding } from './form-context.tsx'
import { asks } from '#components/asks.ts'
import { planObject, refOfDraft, writeObject } from './objects.ts'
import { useDraft, type Draft } from './use-draft.ts'

const URL_STATE = { step: parseAsStringLiteral(['edit', 'review', 'applied']).withDefault('edit'), revision: parseAsInteger, pointer: parseAsString }

export interface Conflict {
  base: MeshObject | null
  mine: Record<string, unknown>
  theirs: MeshObject
}

export interface Change {
  draft: Draft
  ref: ObjectRef | null
  step: 'edit' | 'review' | 'applied'
  /** The revision that was applied; in the URL, so that its link shows the same. */
  revision: number | null
  /** The field to go to. */
  pointer: string | null
  go: (next: { step?: 'edit' | 'review' | 'applied' | null; revision?: number | null; pointer?: string | null }) => void
  findings: readonly FormFinding[]
  plan: { data: DryRun | undefined; error: Error | null; busy: boolean }
  apply: (reason: string) => void
  applying: boolean
  applyError: Error | null
  conflict: Conflict | null
  /** Shows both versions before the server has to refuse. */
  compare: (theirs: MeshObject) => void
  settle: (base: MeshObject, object: Record<string, unknown>) => void
  keepEditing: () => void
}

interface ChangeOptions {
  kind: Kind
  /** The address of the object; null while it is new. */
  at: ObjectRef | null
  stored: MeshObject | null
  fresh: () => Record<string, unknown>
  onApplied: (revision: number | null, object: MeshObject) => void
}

/** One object's way from edit over review to applied, with its conflicts. */
export function useChange({ kind, at, stored, fresh, onApplied }: ChangeOptions): Change {
  const [url, setUrl] = useQueryStates(URL_STATE, { history: 'push' })
  const client = useQueryClient()
  const draft = useDraft(at ? `${kind}/${at.namespace}/${at.name}` : `${kind}/new`, stored, fresh)
  const [seen, setSeen] = useState<{ text: string; conflict: Conflict } | null>(null)
  const object = draft.parsed.readable ? draft.parsed.object : null
  const ref = at ?? (object && refOfDraft(kind, object))
  const write = object && ref ? { ref, object, base: draft.base } : null
  const conflictOf = (error: unknown): Conflict | null => {
    const current = error instanceof MeshError && error.code === 'conflict' ? error.extra['current'] : undefined
    return current && object ? { base: draft.base, mine: object, theirs: current as MeshObject } : null // the API adds the current object
  }

  const mutation = useMutation({
    mutationFn: (reason: string) => writeObject({ ...write!, reason }), // the button is not there without one
    onSuccess: ({ object: next, revision }) => {
      if (ref) client.setQueryData(asks.object(ref).key, next)
      draft.discard()
      onApplied(revision, next)
      void client.invalidateQueries({ queryKey: ['revisions'] })
    },
  })
  const plan = useQuery({
    queryKey: ['plan', kind, ref, draft.text, draft.base?.metadata.resourceVersion ?? null],
    queryFn: ({ signal }) => planObject(write!, signal), // enabled only with one
    enabled: url.step === 'review' && write !== null && !(at === null && mutation.isSuccess), // what was new is there now
    retry: false,
    staleTime: 10_000,
    placeholderData: (previous) => previous,
  })
  const conflict = conflictOf(mutation.error) ?? (url.step === 'review' ? conflictOf(plan.error) : null) ?? (seen && seen.text === draft.text ? seen.conflict : null)
  const findings = useMemo(() => findingsOf(kind, object, url.step === 'review' ? plan.data : undefined, plan.error, mutation.error), [kind, object, url.step, plan.data, plan.error, mutation.error])

  return {
    draft, ref, step: url.step, revision: url.revision, pointer: url.pointer, findings, conflict,
    go: (next) => void setUrl(next),
    plan: { data: plan.data, error: plan.error, busy: plan.isFetching },
    apply: (reason) => mutation.mutate(reason),
    applying: mutation.isPending,
    applyError: conflictOf(mutation.error) ? null : mutation.error,
    compare: (theirs) => object && setSeen({ text: draft.text, conflict: { base: draft.base, mine: object, theirs } }),
    settle: (base, next) => {
      mutation.reset()
      setSeen(null)
      draft.rebase(base, next)
      void setUrl({ step: 'review', revision: null })
    },
    keepEditing: () => {
      mutation.reset()
      setSeen(null)
      void setUrl({ step: 'edit' })
    },
  }
}

/** What the schema says at once, and what the server said when it was asked. */
function findingsOf(kind: Kind, object: Record<string, unknown> | null, plan: DryRun | undefined, ...errors: (Error | null)[]): FormFinding[] {
  if (!object) return []
  const parsed = KINDS[kind].schema.safeParse(object)
  const schema = parsed.success ? [] : problemsOf(parsed.error)
  const refused = errors.flatMap((error) => (error instanceof MeshError ? error.problems : []))
  const problems = [...schema, ...(plan?.problems ?? []), ...refused]
  const once = problems.filter((problem, index) => problems.findIndex((other) => other.pointer === problem.pointer && other.detail === problem.detail) === index)
  return [...once.map((problem) => ({ ...problem, severity: 'error' as const })), ...(plan?.warnings ?? []).map((problem) => ({ ...problem, severity: 'warning' as const }))]
}
