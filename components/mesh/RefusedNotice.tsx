'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { describeRef, type ObjectRef } from '#server/contracts/object.ts'
import type { RevisionStatus } from '#server/contracts/status.ts'
import { Button } from '#components/ui/Button.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import type { FormFinding } from './form-context.tsx'
import { groupRefusals, nameProxies } from './refusals.ts'
import { revertRevision } from './revisions-client.ts'

function ofObject(status: RevisionStatus, at: ObjectRef) {
  return status.rejected.filter((each) => each.object === null || describeRef(each.object) === describeRef(at))
}

/** Envoy's words at the fields of the stored form; none once a draft differs from it. */
export function refusalFindings(status: RevisionStatus | undefined, at: ObjectRef, shown: number | null): FormFinding[] {
  if (!status || status.revision !== shown) return []
  return ofObject(status, at).flatMap((each) => (each.pointer === null ? [] : [{ pointer: each.pointer, code: 'refused', detail: `${each.proxy} answered: ${each.reason}`, severity: 'warning' as const }]))
}

/** What is stored is not what serves: a proxy refused it, with its words, the way to the field and the way back. */
export function RefusedNotice({ status, at, why, onGoTo }: { status: RevisionStatus; at: ObjectRef; why: string | null; onGoTo: (pointer: string) => void }) {
  const client = useQueryClient()
  const revert = useMutation({ mutationFn: () => revertRevision(status.revision, `revision ${status.revision} was refused`), onSuccess: () => client.invalidateQueries() })
  const refused = ofObject(status, at)
  if (refused.length === 0) return null
  return (
    <Notice state="bad" action={<Button small why={why} isPending={revert.isPending} onPress={() => revert.mutate()}>Revert to {status.revision - 1}</Button>}>
      Revision {status.revision} is stored but refused by {new Set(refused.map((each) => each.proxy)).size} of {status.of}; what was accepted before keeps serving.
      {groupRefusals(refused).map((each) => (
        <span key={`${each.pointer} ${each.reason}`} className="mt-1 block">
          {nameProxies(each.proxies)} answered: <code className="break-words text-xs">{each.reason}</code>{' '}
          {each.pointer !== null && <button type="button" onClick={() => onGoTo(each.pointer!)} className="font-medium underline">Go to the field</button>}
        </span>
      ))}
      {revert.error && <span className="mt-1 block">Not reverted: {revert.error.message}</span>}
    </Notice>
  )
}
