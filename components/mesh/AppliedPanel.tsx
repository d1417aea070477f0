'use client'
import type { ReactNode } from 'react'
import type { Revision, RevisionStatus } from '#server/contracts/status.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { formatMs, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { paths } from '#components/paths.ts'
import { groupRefusals } from './refusals.ts'
import { StepMark, type StepState } from './StepMark.tsx'

interface AppliedPanelProps {
  revision: Revision
  status: RevisionStatus
  /** The step after acceptance, where there is one to watch. */
  follows?: ReactNode
  undo: { text: string; why: string | null; busy: boolean; act: () => void }
  /** Goes to a field of the object that was refused. */
  onGoTo: ((pointer: string) => void) | null
}

/** What became of a change, live: committed, accepted by n of the N proxies that need it, and what to do when it was refused. */
export function AppliedPanel({ revision, status, follows, undo, onGoTo }: AppliedPanelProps) {
  const refused = status.rejected
  const pointer = refused.find((each) => each.pointer !== null)?.pointer ?? null
  return (
    <Card title={`Revision ${revision.revision}`} note={<><RelativeTime at={revision.at} />, {revision.author}</>}>
      <ol className="m-0 grid list-none gap-1 p-0" aria-live="polite">
        <Step state="done" title="Committed"><LocalTime at={revision.at} form="clock" />{revision.reason && <>, “{revision.reason}”</>}</Step>
        <Step state={refused.length > 0 ? 'bad' : status.state === 'accepted' ? 'done' : 'now'} title={acceptance(status)}><Acceptance status={status} committedAt={revision.at} /></Step>
        {follows}
      </ol>
      <div className="mt-3 flex flex-wrap gap-2">
        {pointer !== null && onGoTo && <Button look="primary" onPress={() => onGoTo(pointer)}>Go to the field</Button>}
        <Button why={undo.why} isPending={undo.busy} onPress={undo.act}>{undo.text}</Button>
        <ButtonLink look="quiet" href={paths.change(revision.revision)}>Open the revision</ButtonLink>
      </div>
    </Card>
  )
}

export function Step({ state, title, children }: { state: StepState; title: string; children?: ReactNode }) {
  return (
    <li className="flex items-start gap-2.5 py-1">
      <StepMark state={state} />
      <div className="min-w-0">{title}<div className="break-words text-muted">{children}</div></div>
    </li>
  )
}

export function acceptance(status: RevisionStatus): string {
  const need = status.of === 1 ? 'proxy that needs it' : 'proxies that need it'
  if (status.rejected.length > 0) return `Refused by ${new Set(status.rejected.map((each) => each.proxy)).size} of ${status.of} ${need}`
  if (status.state === 'superseded') return 'Replaced by a later revision'
  if (status.of === 0) return status.state === 'pending' ? 'Stored; no control process has looked at it yet' : 'No connected proxy needs this change; one that joins later starts with it'
  return `Accepted by ${status.accepted} of ${status.of} ${need}`
}

function Acceptance({ status, committedAt }: { status: RevisionStatus; committedAt: string }) {
  return (
    <div className="grid gap-1">
      {status.state === 'accepted' && status.acceptedAt && status.of > 0 && <span className="tabular-nums">after {formatMs(Date.parse(status.acceptedAt) - Date.parse(committedAt))}</span>}
      {status.pending.length > 0 && <span>waits for <Proxies ids={status.pending} /></span>}
      {groupRefusals(status.rejected).map((each) => (
        <div key={`${each.pointer} ${each.reason}`} className="min-w-0">
          <Proxies ids={each.proxies} /> answered:
          <q className="mt-0.5 block break-words rounded-md bg-bad-soft px-2.5 py-1.5 font-mono text-xs text-bad before:content-none after:content-none">{each.reason}</q>
        </div>
      ))}
      {status.rejected.length > 0 && <span>What was accepted before keeps serving; no call is lost.</span>}
      {status.disconnected.length > 0 && <span>{plural(status.disconnected.length, 'proxy is', 'proxies are')} not connected and will get it on return: <Proxies ids={status.disconnected} /></span>}
    </div>
  )
}

function Proxies({ ids }: { ids: readonly string[] }) {
  const shown = ids.slice(0, 5)
  return <>{shown.map((id, index) => <span key={id}>{index > 0 && ', '}<Link href={paths.proxy(id)}>{id}</Link></span>)}{ids.length > shown.length && ` and ${ids.length - shown.length} more`}</>
}
