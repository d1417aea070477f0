'use client'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { AuthorizationPolicy } from '#server/contracts/authorization-policy.ts'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import type { ObjectRef } from '#server/contracts/object.ts'
import { parseAsString, useQueryStates } from 'nuqs'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths, withQuery } from '#components/paths.ts'
import { reading } from './call.ts'
import { ChangeFlow } from './ChangeFlow.tsx'
import { DeleteObject } from './DeleteObject.tsx'
import { Loaded } from './Loaded.tsx'
import { ObjectHistory } from './ObjectHistory.tsx'
import { ObjectYaml } from './ObjectYaml.tsx'
import { describePolicy } from './policy-words.ts'
import { RevisionState } from './RevisionState.tsx'
import { revisionOf } from './RouteList.tsx'
import { TOPICS } from './topics.ts'
import { useChange, type Change } from './use-change.ts'

const CRUMBS = [{ href: paths.security(), label: 'Security' }, { href: paths.policies(), label: 'Policies' }]

/** One policy: in words, as YAML, and its past; edits go over a review. */
export function PolicyPage({ namespace, name }: { namespace: string; name: string }) {
  const ref: ObjectRef = { kind: 'AuthorizationPolicy', namespace, name }
  const stored = useLiveQuery<AuthorizationPolicy>({ ...reading<AuthorizationPolicy>(asks.object(ref)), topics: TOPICS.revisions, everyMs: 10_000 })
  if (!stored.data) return <Page title={name} crumbs={CRUMBS}><Loaded query={stored} what={`the policy ${name}`}>{() => null}</Loaded></Page>
  return <Policy policy={stored.data} />
}

function Policy({ policy }: { policy: AuthorizationPolicy }) {
  const { namespace, name, managedBy } = policy.metadata
  const ref: ObjectRef = { kind: 'AuthorizationPolicy', namespace, name }
  const [deleting, setDeleting] = useState(false)
  const router = useRouter()
  const noRole = useWhyNot('operator')
  const why = managedBy ? `This policy is kept by ${managedBy}; change it there` : noRole
  const change = useChange({ kind: 'AuthorizationPolicy', at: ref, stored: policy, fresh: () => ({}), onApplied: (revision) => change.go({ step: 'applied', revision, pointer: null }) })
  return (
    <Page title={name} crumbs={CRUMBS} command={`heddle get authorizationpolicies ${name} -o yaml`}
      tags={<><Tag>AuthorizationPolicy</Tag>{change.draft.changed && change.step !== 'applied' ? <Tag tone="info">Draft</Tag> : <RevisionState revision={revisionOf(policy)} />}</>}
      actions={<>{change.draft.changed && change.step === 'edit' && <Button look="quiet" onPress={change.draft.discard}>Discard draft</Button>}<Button look="danger" why={why} onPress={() => setDeleting(true)}>Delete…</Button></>}>
      <div className="grid gap-3">
        {managedBy && <Notice state="info">This policy is kept by {managedBy}. It is read-only here; change it there.</Notice>}
        <ChangeFlow change={change} stored={policy} why={why} command={`heddle apply -f ${name}.yaml`} onGoTo={(pointer) => change.go({ step: null, pointer })}>
          <PolicyEditor change={change} why={why} label={`${name} as YAML`} />
        </ChangeFlow>
        {change.step === 'edit' && <ObjectHistory at={ref} />}
      </div>
      <DeleteObject open={deleting} at={ref} stored={policy} onClose={() => setDeleting(false)} onDeleted={(revision) => router.push(revision === null ? paths.policies() : paths.change(revision))} />
    </Page>
  )
}

/** A policy that is not there yet. */
export function NewPolicy() {
  const [{ agent, namespace }] = useQueryStates({ agent: parseAsString, namespace: parseAsString })
  const router = useRouter()
  const why = useWhyNot('operator')
  const change = useChange({
    kind: 'AuthorizationPolicy', at: null, stored: null,
    fresh: () => ({ apiVersion: HEDDLE_API, kind: 'AuthorizationPolicy', metadata: { name: agent ? `${agent}-callers` : '', namespace: namespace ?? 'default' }, spec: { targetRefs: [{ kind: 'Agent', name: agent ?? '' }], action: 'Allow', rules: [{ from: [{ agents: [''] }] }] } }),
    onApplied: (revision, object) => router.push(withQuery(paths.policy(object.metadata.namespace, object.metadata.name), { step: 'applied', revision })),
  })
  return (
    <Page title="New policy" crumbs={CRUMBS}>
      <ChangeFlow change={change} stored={null} why={why} command={`heddle apply -f ${change.ref?.name ?? 'policy'}.yaml`} onGoTo={(pointer) => change.go({ step: null, pointer })}>
        <PolicyEditor change={change} why={why} label="New policy as YAML" />
      </ChangeFlow>
    </Page>
  )
}

function PolicyEditor({ change, why, label }: { change: Change; why: string | null; label: string }) {
  const { draft } = change
  const parsed = draft.parsed.readable ? AuthorizationPolicy.safeParse(draft.parsed.object) : null
  return (
    <div className="grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]">
      <ObjectYaml draft={draft} findings={change.findings} pointer={change.pointer} why={why} label={label} />
      <Card title="In words">
        {parsed?.success
          ? <ul className="m-0 grid gap-2 pl-4">{describePolicy(parsed.data.spec).map((sentence) => <li key={sentence} className="break-words">{sentence}</li>)}</ul>
          : <p className="m-0 text-muted">{parsed ? `${change.findings[0]?.pointer || 'The object'}: ${change.findings[0]?.detail ?? 'not valid yet'}` : 'The YAML cannot be read yet.'}</p>}
        <p className="m-0 mt-3 text-sm text-muted">A Deny wins over every Allow. Refused calls are answered 403 and counted as refused.</p>
      </Card>
    </div>
  )
}
