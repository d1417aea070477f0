'use client'
import { useEffect, useState, type ReactNode } from 'react'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Field } from '#components/ui/Field.tsx'
import { plural } from '#components/ui/format.ts'
import { Kbd } from '#components/ui/Kbd.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { SameFromATerminal } from '#components/ui/Page.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import type { FormFinding } from './form-context.tsx'
import type { DryRun } from '#server/contracts/status.ts'

interface ReviewPanelProps {
  plan: { data: DryRun | undefined; error: Error | null; busy: boolean }
  findings: readonly FormFinding[]
  /** Why it cannot be applied by this person or in this state; null when it can. */
  why: string | null
  command: string
  applying: boolean
  applyError: Error | null
  applyText?: string
  onApply: (reason: string) => void
  onBack: () => void
  onGoTo: (pointer: string) => void
}

/** The plan in words, who is affected, what is wrong with it, and the reason that the revision keeps. */
export function ReviewPanel({ plan, findings, why, command, applying, applyError, applyText = 'Apply to the mesh', onApply, onBack, onGoTo }: ReviewPanelProps) {
  const [reason, setReason] = useState('')
  const problems = findings.filter((finding) => finding.severity === 'error')
  const nothing = plan.data?.valid === true && plan.data.objectDiff.length === 0
  const blocked = why ?? (problems.length > 0 ? `${plural(problems.length, 'problem')} to solve first` : nothing ? 'The mesh already says this' : plan.data === undefined || plan.busy ? 'Wait for the plan' : null)
  const apply = () => { if (!blocked && !applying) onApply(reason.trim()) }
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      apply()
    }
    addEventListener('keydown', keys)
    return () => removeEventListener('keydown', keys)
  })
  return (
    <Card title="Plan" note={plan.busy && plan.data ? 'planning again' : undefined}>
      <div className="grid gap-3">
        {plan.data === undefined && !plan.error && problems.length === 0 && <SkeletonRows rows={3} label="Making the plan" />}
        {plan.error && problems.length === 0 && <Notice state="bad">No plan: {plan.error.message}. Nothing was changed.</Notice>}
        {plan.data && problems.length === 0 && <Words plan={plan.data} />}
        <Findings list={findings} onGoTo={onGoTo} />
        {applyError && problems.length === 0 && <Notice state="bad">Not applied: {applyError.message}. The mesh is as it was.</Notice>}
        <Field label="Reason, kept with the revision" value={reason} onChange={setReason} maxLength={500} />
        <div className="flex flex-wrap items-center gap-2">
          <Button look="primary" why={blocked} isPending={applying} onPress={apply}>{applying ? 'Applying' : applyText}</Button>
          <Button look="quiet" onPress={onBack}>Back to edit</Button>
          <span className="grow" />
          <Kbd>⌘↵</Kbd>
        </div>
      </div>
      <SameFromATerminal command={command} />
    </Card>
  )
}

function Words({ plan }: { plan: DryRun }) {
  const { callers, proxies } = plan.affected
  return (
    <ul className="m-0 grid list-none gap-2 p-0">
      {plan.summary.map((sentence) => <Point key={sentence}>{sentence}</Point>)}
      {callers.length > 0 && <Point>{plural(callers.length, 'caller')} affected: {names(callers)}.</Point>}
      {proxies.length > 0 && <Point>{plural(proxies.length, 'proxy needs', 'proxies need')} it: {names(proxies)}.</Point>}
    </ul>
  )
}

function names(list: readonly string[]): string {
  return list.length > 6 ? `${list.slice(0, 6).join(', ')} and ${list.length - 6} more` : list.join(', ')
}

function Point({ children }: { children: ReactNode }) {
  return <li className="flex min-w-0 gap-2.5"><i aria-hidden="true" className="mt-[7px] size-[5px] flex-none rounded-full bg-[var(--text-faint)]" /><span className="min-w-0 break-words">{children}</span></li>
}

function Findings({ list, onGoTo }: { list: readonly FormFinding[]; onGoTo: (pointer: string) => void }) {
  return (
    <>
      {list.map((finding) => (
        <Notice key={`${finding.pointer} ${finding.detail}`} state={finding.severity === 'error' ? 'bad' : 'warn'} action={<Button small look="quiet" onPress={() => onGoTo(finding.pointer)}>Go to the field</Button>}>
          {finding.detail}
          {finding.pointer && <code className="block break-all text-xs opacity-80">{finding.pointer}</code>}
        </Notice>
      ))}
    </>
  )
}
