'use client'
import type { ReactNode } from 'react'
import type { MeshObject } from '#server/contracts/object.ts'
import type { RevisionStatus } from '#server/contracts/status.ts'
import { Button } from '#components/ui/Button.tsx'
import { plural } from '#components/ui/format.ts'
import { Notice } from '#components/ui/Notice.tsx'
import { AppliedStep } from './AppliedStep.tsx'
import { ConflictPanel } from './ConflictPanel.tsx'
import { ReviewPanel } from './ReviewPanel.tsx'
import { Steps } from './Steps.tsx'
import type { Change } from './use-change.ts'
import { WhatChanges } from './WhatChanges.tsx'

interface ChangeFlowProps {
  change: Change
  stored: MeshObject | null
  why: string | null
  command: string
  /** The editor of the first step. */
  children: ReactNode
  /** What stays in hand during the review. */
  besideReview?: ReactNode
  /** What to watch after applying. */
  besideApplied?: (status: RevisionStatus) => ReactNode
  followsApplied?: (status: RevisionStatus) => ReactNode
  onGoTo: (pointer: string) => void
}

const COLUMNS = 'grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]'

/** Edit → Review → Applied, with the conflict in between. */
export function ChangeFlow({ change, stored, why, command, children, besideReview, besideApplied, followsApplied, onGoTo }: ChangeFlowProps) {
  const { draft, step, conflict } = change
  if (conflict) return <><Steps at="review" /><ConflictPanel conflict={conflict} onSettle={change.settle} onBack={change.keepEditing} /></>
  if (step === 'applied' && change.revision !== null) {
    return <><Steps at="applied" /><AppliedStep revision={change.revision} at={change.ref} why={why} beside={besideApplied} follows={followsApplied} onGoTo={onGoTo} onUndone={(revision) => change.go({ step: 'applied', revision })} onEdit={() => change.go({ step: null, revision: null })} /></>
  }
  if (step === 'review' && draft.parsed.readable) {
    return (
      <>
        <Steps at="review" />
        <div className={COLUMNS}>
          <div className="grid min-w-0 gap-[18px]">
            {besideReview}
            {change.plan.data && <WhatChanges plan={change.plan.data} note={stored?.metadata.resourceVersion ? `against revision ${stored.metadata.resourceVersion}` : undefined} />}
          </div>
          <ReviewPanel plan={change.plan} findings={change.findings} why={why} command={command} applying={change.applying} applyError={change.applyError} onApply={change.apply} onBack={change.keepEditing} onGoTo={onGoTo} />
        </div>
      </>
    )
  }
  return (
    <>
      <Steps at="edit" />
      {draft.newer && (
        <Notice state="warn" action={<Button small onPress={() => change.compare(draft.newer!)}>Compare</Button>}>{/* shown only with one */}
          Somebody else changed this meanwhile: revision {draft.newer.metadata.resourceVersion} is stored now, your draft began from {draft.base?.metadata.resourceVersion}.
        </Notice>
      )}
      <div className="grid min-w-0 gap-[18px]">
        {children}
        <ReviewBar change={change} why={why} />
      </div>
    </>
  )
}

function ReviewBar({ change, why }: { change: Change; why: string | null }) {
  const { draft } = change
  const problems = change.findings.filter((finding) => finding.severity === 'error').length
  const blocked = why ?? (!draft.parsed.readable ? 'The YAML cannot be read yet' : change.ref === null ? 'The object needs a name' : !draft.changed ? 'Nothing is changed yet' : null)
  return (
    <div className="sticky bottom-0 z-10 -mx-1 flex flex-wrap items-center gap-3 border-t border-line bg-ground px-1 py-3">
      <Button look="primary" why={blocked} onPress={() => change.go({ step: 'review', pointer: null })}>Review the change</Button>
      <span role="status" className="text-sm text-muted">{why ?? (problems > 0 ? `${plural(problems, 'problem')} to solve` : draft.changed ? 'Nothing reaches the mesh before you have seen the plan.' : 'As stored.')}</span>
    </div>
  )
}
