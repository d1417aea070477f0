'use client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { describeRef, type MeshObject, type ObjectRef } from '#server/contracts/object.ts'
import { Button } from '#components/ui/Button.tsx'
import { Dialog } from '#components/ui/Dialog.tsx'
import { Field } from '#components/ui/Field.tsx'
import { plural } from '#components/ui/format.ts'
import { Notice } from '#components/ui/Notice.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import { planObject, writeObject } from './objects.ts'

interface DeleteObjectProps {
  open: boolean
  at: ObjectRef
  stored: MeshObject
  onClose: () => void
  onDeleted: (revision: number | null) => void
}

/** Asks before it deletes, with what that would do and what still refers to the object. */
export function DeleteObject({ open, at, stored, onClose, onDeleted }: DeleteObjectProps) {
  const [reason, setReason] = useState('')
  const plan = useQuery({ queryKey: ['plan-delete', at, stored.metadata.resourceVersion], queryFn: ({ signal }) => planObject({ ref: at, object: null, base: stored }, signal), enabled: open, retry: false })
  const remove = useMutation({ mutationFn: () => writeObject({ ref: at, object: null, base: stored, reason }), onSuccess: ({ revision }) => onDeleted(revision) })
  const problems = plan.data?.problems ?? []
  const why = plan.data === undefined ? 'Wait for the plan' : problems.length > 0 ? 'Something still refers to it' : null
  return (
    <Dialog title={`Delete ${describeRef(at)}?`} open={open} onClose={onClose} alert actions={<>
      <Button look="quiet" onPress={onClose}>Keep it</Button>
      <Button look="danger" why={plan.error ? null : why} isPending={remove.isPending} onPress={() => remove.mutate()}>Delete from the mesh</Button>
    </>}>
      <div className="grid gap-3">
        {plan.isPending && open && <SkeletonRows rows={2} label="Asking what that would do" />}
        {plan.error && <Notice state="warn">The plan cannot be made: {plan.error.message}</Notice>}
        {plan.data && <ul className="m-0 grid gap-1 pl-4">{plan.data.summary.map((line) => <li key={line}>{line}</li>)}{plan.data.affected.proxies.length > 0 && <li>{plural(plan.data.affected.proxies.length, 'proxy needs', 'proxies need')} it: {plan.data.affected.proxies.slice(0, 6).join(', ')}.</li>}</ul>}
        {problems.map((problem) => <Notice key={problem.detail} state="bad">{problem.detail}</Notice>)}
        {plan.data?.warnings.map((problem) => <Notice key={problem.detail} state="warn">{problem.detail}</Notice>)}
        <Field label="Reason, kept with the revision" value={reason} onChange={setReason} maxLength={500} />
        {remove.error && <Notice state="bad">Not deleted: {remove.error.message}</Notice>}
        <p className="m-0 text-sm text-muted">Any revision can be taken back under Changes.</p>
      </div>
    </Dialog>
  )
}
