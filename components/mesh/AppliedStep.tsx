'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo, type ReactNode } from 'react'
import { describeRef, type ObjectRef } from '#server/contracts/object.ts'
import type { Revision, RevisionStatus } from '#server/contracts/status.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import { AppliedPanel } from './AppliedPanel.tsx'
import { reading } from './call.ts'
import { Failure } from './Loaded.tsx'
import { printPlace } from './place.ts'
import { valueAt } from './pointer.ts'
import { revertRevision } from './revisions-client.ts'
import { useRevision } from './RevisionWhen.tsx'
import { TOPICS } from './topics.ts'
import { rulesOf } from './route-reading.ts'
import { apportion } from './split.ts'

interface AppliedStepProps {
  revision: number
  at: ObjectRef | null
  why: string | null
  beside?: (status: RevisionStatus) => ReactNode
  /** The step after acceptance: does traffic do what was wanted? */
  follows?: (status: RevisionStatus) => ReactNode
  onGoTo: (pointer: string) => void
  onUndone: (revision: number) => void
  onEdit: () => void
}

const WAITING_MS = 400
const SETTLED_MS = 3000

/** A revision on its way through the proxies, followed until each has answered. */
export function AppliedStep({ revision, at, why, beside, follows, onGoTo, onUndone, onEdit }: AppliedStepProps) {
  const client = useQueryClient()
  const made = useRevision(revision)
  const known = client.getQueryData<RevisionStatus>(['revision-status', revision])
  const status = useLiveQuery<RevisionStatus>({ ...reading<RevisionStatus>(asks.revisionStatus(revision)), topics: TOPICS.proxies, everyMs: known?.state === 'pending' || !known ? WAITING_MS : SETTLED_MS })
  const undo = useMutation({
    mutationFn: () => revertRevision(revision, `undo of revision ${revision}`),
    onSuccess: (next) => {
      if (at) void client.invalidateQueries({ queryKey: ['object', at.kind, at.namespace, at.name] })
      onUndone(next)
    },
  })
  const before = useMemo(() => beforeOf(made.data, at), [made.data, at])
  const failure = made.error ?? (status.data === undefined ? status.error : null)
  if (failure) return <Card title={`Revision ${revision}`}><Failure error={failure} what={`revision ${revision}`} /></Card>
  if (!made.data || !status.data) return <Card title={`Revision ${revision}`}><SkeletonRows rows={3} label="Asking the proxies" /></Card>
  const refused = status.data.rejected
  const last = made.data.revision - 1
  return (
    <div className="grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]">
      <div className="grid min-w-0 gap-[18px]">
        {refused.filter((each) => each.object === null || at === null || describeRef(each.object) === describeRef(at)).map((each) => (
          <Card key={`${each.proxy} ${each.typeUrl} ${each.resource}`} title={each.pointer ? printPlace(each.pointer) : 'Refused by Envoy'}>
            <div className="grid gap-2">
              {each.pointer && <p className="m-0 break-all rounded-md border border-bad px-2.5 py-1.5 font-mono text-xs">{String(valueOf(made.data, at, each.pointer))}</p>}
              <Notice state="bad" action={each.pointer ? <Button small onPress={() => onGoTo(each.pointer!)}>Go to the field</Button> : undefined}>{each.proxy} answered: {each.reason}</Notice>
              <p className="m-0 text-muted">{each.proxy} keeps serving what it accepted before; later changes of other objects go through.</p>
            </div>
          </Card>
        ))}
        {beside?.(status.data)}
      </div>
      <div className="grid gap-3">
        {status.error && <Notice state="warn">The state is as of {new Date(status.dataUpdatedAt).toLocaleTimeString('en-GB')}; since then: {status.error.message}</Notice>}
        <AppliedPanel revision={made.data} status={status.data} follows={follows?.(status.data)} onGoTo={onGoTo} undo={{ text: refused.length > 0 && last > 0 ? `Revert to ${last}` : before ? `Undo, back to ${before}` : 'Undo', why, busy: undo.isPending, act: () => undo.mutate() }} />
        {undo.error && <Notice state="bad">Not undone: {undo.error.message}. The mesh is as it was.</Notice>}
        <Button look="quiet" onPress={onEdit}>Edit again</Button>
      </div>
    </div>
  )
}

function changeOf(revision: Revision | undefined, at: ObjectRef | null) {
  return revision?.changes.find((change) => at !== null && describeRef(change.object) === describeRef(at))
}

/** `90/10`, where the object was one split before; null otherwise. */
function beforeOf(revision: Revision | undefined, at: ObjectRef | null): string | null {
  const before = changeOf(revision, at)?.before
  const [rule, ...more] = before ? rulesOf(before) : []
  return rule && more.length === 0 && rule.backends.length > 1 ? apportion(rule.backends.map((backend) => backend.weight)).join('/') : null
}

function valueOf(revision: Revision, at: ObjectRef | null, pointer: string): unknown {
  return valueAt(changeOf(revision, at)?.after, pointer) ?? ''
}
