'use client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { describeRef, type ObjectRef } from '#server/contracts/object.ts'
import type { Revision, RevisionStatus } from '#server/contracts/status.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import { pathOfObject, paths } from '#components/paths.ts'
import { Step, acceptance } from './AppliedPanel.tsx'
import { DiffView } from './DiffView.tsx'
import { Loaded } from './Loaded.tsx'
import { ReviewPanel } from './ReviewPanel.tsx'
import { useRevisionStatus } from './RevisionState.tsx'
import { useRevision } from './RevisionWhen.tsx'
import { planRevert, revertRevision } from './revisions-client.ts'
import { Steps } from './Steps.tsx'
import { WhatChanges, asText } from './WhatChanges.tsx'

/** One revision: who, when, why, what became of it, its difference, and the way back. */
export function ChangePage({ number }: { number: number }) {
  const [step, setStep] = useQueryState('step', parseAsStringLiteral(['revert']).withOptions({ history: 'push' }))
  const revision = useRevision(number)
  const status = useRevisionStatus(number)
  const why = useWhyNot('operator')
  const crumbs = [{ href: paths.changes(), label: 'Changes' }]
  const nothing = revision.data?.changes.length === 0 ? 'This revision changed no object' : null
  return (
    <Page title={`Revision ${number}`} crumbs={crumbs} command={`npx heddle revert ${number}`} actions={
      <>
        {number > 1 && <ButtonLink look="quiet" href={paths.change(number - 1)}>Previous</ButtonLink>}
        {step !== 'revert' && <Button why={why ?? nothing} onPress={() => void setStep('revert')}>Take it back…</Button>}
      </>}>
      <Loaded query={revision} what={`revision ${number}`}>
        {(made) => step === 'revert'
          ? <RevertReview made={made} why={why} onBack={() => void setStep(null)} />
          : (
            <div className="grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]">
              <div className="grid min-w-0 gap-[18px]">
                {made.changes.map((change) => (
                  <Card key={describeRef(change.object)} title={<ObjectLink at={change.object} />} note={change.before === null ? 'new' : change.after === null ? 'deleted' : 'changed'}>
                    <DiffView before={asText(change.before)} after={asText(change.after)} names={[change.before === null ? 'not there' : 'before', change.after === null ? 'deleted' : 'after']} />
                  </Card>
                ))}
              </div>
              <div className="grid gap-[18px]">
                <Card title="Who and why">
                  <KeyValue rows={[['Who', made.author], ['When', <RelativeTime key="at" at={made.at} />], ['Why', made.reason || <span key="none" className="text-faint">no reason given</span>], made.reverts !== null && ['Takes back', <Link key="of" href={paths.change(made.reverts)}>revision {made.reverts}</Link>]]} />
                  {made.plan.length > 0 && <ul className="m-0 mt-3 grid gap-1 pl-4 text-muted">{made.plan.map((line) => <li key={line}>{line}</li>)}</ul>}
                </Card>
                <Card title="In the mesh">{status.data ? <InTheMesh made={made} status={status.data} /> : status.error ? <Notice state="warn">{status.error.message}</Notice> : <SkeletonRows rows={2} />}</Card>
              </div>
            </div>
          )}
      </Loaded>
    </Page>
  )
}

function InTheMesh({ made, status }: { made: Revision; status: RevisionStatus }) {
  const refused = status.rejected
  return (
    <ol className="m-0 grid list-none p-0">
      <Step state="done" title="Committed"><LocalTime at={made.at} form="clock" /></Step>
      <Step state={refused.length > 0 ? 'bad' : status.state === 'pending' ? 'now' : 'done'} title={acceptance(status)}>
        {status.pending.length > 0 && <>waits for {status.pending.join(', ')}</>}
        {refused.map((each) => <span key={`${each.proxy}${each.resource}`} className="block break-words"><Link href={paths.proxy(each.proxy)}>{each.proxy}</Link> answered: <code className="text-xs text-bad">{each.reason}</code></span>)}
        {status.disconnected.length > 0 && <span className="block">not connected: {status.disconnected.join(', ')}</span>}
      </Step>
    </ol>
  )
}

function RevertReview({ made, why, onBack }: { made: Revision; why: string | null; onBack: () => void }) {
  const router = useRouter()
  const plan = useQuery({ queryKey: ['plan-revert', made.revision], queryFn: ({ signal }) => planRevert(made.revision, signal), retry: false })
  const revert = useMutation({ mutationFn: (reason: string) => revertRevision(made.revision, reason || `revert of revision ${made.revision}`), onSuccess: (next) => router.push(paths.change(next)) })
  const findings = [...(plan.data?.problems ?? []).map((each) => ({ ...each, severity: 'error' as const })), ...(plan.data?.warnings ?? []).map((each) => ({ ...each, severity: 'warning' as const }))]
  return (
    <>
      <Steps at="review" />
      <div className="grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]">
        {plan.data ? <WhatChanges plan={plan.data} note="a new revision with what was before" /> : <span />}
        <ReviewPanel plan={{ data: plan.data, error: plan.error, busy: plan.isFetching }} findings={findings} why={why} command={`npx heddle revert ${made.revision}`} applying={revert.isPending} applyError={revert.error} applyText={`Take revision ${made.revision} back`} onApply={(reason) => revert.mutate(reason)} onBack={onBack} onGoTo={() => router.push(paths.change(made.revision))} />
      </div>
    </>
  )
}

/** The page of an object, where it has one. */
export function ObjectLink({ at }: { at: ObjectRef }) {
  const text = describeRef(at)
  const href = pathOfObject(at)
  return href ? <Link href={href}>{text}</Link> : <>{text}</>
}
