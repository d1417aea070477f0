'use client'
import { useRouter } from 'next/navigation'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import type { ObjectRef } from '#server/contracts/object.ts'
import { asks } from '#components/asks.ts'
import { FindingsNotice } from '#components/findings/OwnFindings.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { paths, type PolicyPart } from '#components/paths.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Tabs } from '#components/ui/Tabs.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { reading } from '#components/mesh/call.ts'
import { ChangeFlow } from '#components/mesh/ChangeFlow.tsx'
import { DeleteObject } from '#components/mesh/DeleteObject.tsx'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { ObjectHistory } from '#components/mesh/ObjectHistory.tsx'
import { RefusedNotice, refusalFindings } from '#components/mesh/RefusedNotice.tsx'
import { RevisionState, useRevisionStatus } from '#components/mesh/RevisionState.tsx'
import { revisionOf } from '#components/mesh/RouteList.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { useChange } from '#components/mesh/use-change.ts'
import { partOf, pluralOf, POLICY_KINDS, type AnyPolicy } from './kinds.ts'
import { PolicyEditor } from './PolicyEditor.tsx'
import { TrialCard } from './TrialCard.tsx'

const TABS = [{ id: 'form', title: 'Form' }, { id: 'yaml', title: 'YAML' }, { id: 'history', title: 'History' }] as const

/** One policy: as a form, as YAML, and its past; edits go over a review. */
export function PolicyPage({ part, namespace, name }: { part: PolicyPart; namespace: string; name: string }) {
  const { kind, one, many } = POLICY_KINDS[part]
  const stored = useLiveQuery<AnyPolicy>({ ...reading<AnyPolicy>(asks.object({ kind, namespace, name })), topics: TOPICS.revisions, everyMs: 10_000 })
  if (!stored.data) return <Page title={name} crumbs={[{ href: paths.policies(part), label: many }]} tags={<Tag>{kind}</Tag>}><Loaded query={stored} what={`the ${one} ${name}`}>{() => null}</Loaded></Page>
  return <Policy policy={stored.data} stale={stored.error} />
}

function Policy({ policy, stale }: { policy: AnyPolicy; stale: Error | null }) {
  const { kind } = policy
  const { namespace, name, managedBy } = policy.metadata
  const part = partOf(kind)
  const { one, many, Standing } = POLICY_KINDS[part]
  const ref: ObjectRef = { kind, namespace, name }
  const [tabText, setTab] = useQueryState('tab', parseAsString)
  const tab = TABS.find((each) => each.id === tabText)?.id ?? 'form'
  const [deleting, setDeleting] = useState(false)
  const router = useRouter()
  const noRole = useWhyNot('operator')
  const why = managedBy ? `This ${one} is kept by ${managedBy}; change it there` : noRole
  const change = useChange({ kind, at: ref, stored: policy, fresh: () => ({}), onApplied: (revision) => change.go({ step: 'applied', revision, pointer: null }) })
  const { draft } = change
  const status = useRevisionStatus(revisionOf(policy)).data
  const findings = [...change.findings, ...refusalFindings(status, ref, draft.changed ? null : revisionOf(policy))]
  const goToField = (pointer: string) => {
    if (tab === 'history') void setTab(null)
    change.go({ step: null, pointer: null, revision: null })
    setTimeout(() => change.go({ pointer })) // after the fields are there
  }
  return (
    <Page title={name} crumbs={[{ href: paths.policies(part), label: many }, { href: paths.policies(part), label: namespace }]}
      tags={<><Tag>{kind}</Tag>{draft.changed && change.step !== 'applied' ? <Tag tone="info">Draft</Tag> : !Standing && <RevisionState revision={change.step === 'applied' ? change.revision : revisionOf(policy)} />}</>}
      actions={<>{draft.changed && change.step === 'edit' && <Button look="quiet" onPress={draft.discard}>Discard draft</Button>}<Button look="danger" why={why} onPress={() => setDeleting(true)}>Delete…</Button></>}
      command={change.step === 'edit' ? `npx heddle get ${pluralOf(part)} ${name}${namespace === 'default' ? '' : ` --namespace ${namespace}`} -o yaml` : undefined}>
      <Tabs label={`Parts of the ${one}`} open={tab} tabs={TABS.map((each) => ({ ...each, href: paths.policy(part, namespace, name, { tab: each.id === 'form' ? undefined : each.id }) }))} />
      <div className="grid gap-3">
        {stale && <Notice state="warn">This is the {one} as it was read last; now: {stale.message}</Notice>}
        {managedBy && <Notice state="info">This {one} is kept by {managedBy}. It is read-only here; change it there.</Notice>}
        {change.step === 'edit' && status && <RefusedNotice status={status} at={ref} why={why} onGoTo={goToField} />}
        {change.step === 'edit' && !draft.changed && <FindingsNotice at={ref} onGoTo={goToField} />}
        {Standing && change.step === 'edit' && tab === 'form' && <Standing namespace={namespace} name={name} />}
        {tab === 'history' ? <ObjectHistory at={ref} /> : (
          <ChangeFlow change={change} stored={policy} why={why} command={`npx heddle apply -f ${name}.yaml`} onGoTo={goToField}
            besideReview={(part === 'access' || part === 'mtls') && draft.parsed.readable ? <TrialCard object={draft.parsed.object} /> : undefined}>
            <PolicyEditor policy={POLICY_KINDS[part]} change={{ ...change, findings }} why={why} as={tab} label={`${name} as YAML`} />
          </ChangeFlow>
        )}
      </div>
      <DeleteObject open={deleting} at={ref} stored={policy} onClose={() => setDeleting(false)} onDeleted={(revision) => router.push(revision === null ? paths.policies(part) : paths.change(revision))} />
    </Page>
  )
}
