'use client'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { AgentRoute } from '#server/contracts/agent-route.ts'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import type { ObjectRef } from '#server/contracts/object.ts'
import { asks } from '#components/asks.ts'
import { FindingsNotice } from '#components/findings/OwnFindings.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { reading } from '#components/mesh/call.ts'
import { ChangeFlow } from '#components/mesh/ChangeFlow.tsx'
import { DeleteObject } from '#components/mesh/DeleteObject.tsx'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { ObjectHistory } from '#components/mesh/ObjectHistory.tsx'
import { ObjectYaml } from '#components/mesh/ObjectYaml.tsx'
import { RevisionState } from '#components/mesh/RevisionState.tsx'
import { revisionOf } from '#components/mesh/RouteList.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { useChange } from '#components/mesh/use-change.ts'
import { paths } from '#components/paths.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Tag } from '#components/ui/Tag.tsx'

const CRUMBS = [{ href: paths.capabilities({ tab: 'routes' }), label: 'Capabilities' }]

/** One AgentRoute as YAML, over a review, with its past. */
export function AgentRoutePage({ namespace, name }: { namespace: string; name: string }) {
  const ref: ObjectRef = { kind: 'AgentRoute', namespace, name }
  const stored = useLiveQuery<AgentRoute>({ ...reading<AgentRoute>(asks.object(ref)), topics: TOPICS.revisions, everyMs: 10_000 })
  if (!stored.data) return <Page title={name} crumbs={CRUMBS}><Loaded query={stored} what={`the route ${name}`}>{() => null}</Loaded></Page>
  return <Editor route={stored.data} />
}

function Editor({ route }: { route: AgentRoute }) {
  const { namespace, name, managedBy } = route.metadata
  const ref: ObjectRef = { kind: 'AgentRoute', namespace, name }
  const [deleting, setDeleting] = useState(false)
  const router = useRouter()
  const noRole = useWhyNot('operator')
  const why = managedBy ? `This route is kept by ${managedBy}; change it there` : noRole
  const change = useChange({ kind: 'AgentRoute', at: ref, stored: route, fresh: () => ({}), onApplied: (revision) => change.go({ step: 'applied', revision, pointer: null }) })
  return (
    <Page title={name} crumbs={CRUMBS} command={`npx heddle get agentroutes ${name} -o yaml`}
      tags={<><Tag>AgentRoute</Tag>{change.draft.changed && change.step !== 'applied' ? <Tag tone="info">Draft</Tag> : <RevisionState revision={revisionOf(route)} />}</>}
      actions={<><ButtonLink href={paths.capabilities({ tab: 'playground', route: `${namespace}/${name}` })}>Try a task</ButtonLink>{change.draft.changed && change.step === 'edit' && <Button look="quiet" onPress={change.draft.discard}>Discard draft</Button>}<Button look="danger" why={why} onPress={() => setDeleting(true)}>Delete…</Button></>}>
      <div className="grid gap-3">
        {change.step === 'edit' && !change.draft.changed && <FindingsNotice at={ref} onGoTo={(pointer) => change.go({ step: null, pointer })} />}
        <ChangeFlow change={change} stored={route} why={why} command={`npx heddle apply -f ${name}.yaml`} onGoTo={(pointer) => change.go({ step: null, pointer })}>
          <ObjectYaml draft={change.draft} findings={change.findings} pointer={change.pointer} why={why} label={`${name} as YAML`} />
        </ChangeFlow>
        {change.step === 'edit' && <ObjectHistory at={ref} />}
      </div>
      <DeleteObject open={deleting} at={ref} stored={route} onClose={() => setDeleting(false)} onDeleted={(revision) => router.push(revision === null ? paths.capabilities({ tab: 'routes' }) : paths.change(revision))} />
    </Page>
  )
}

const FRESH = { apiVersion: HEDDLE_API, kind: 'AgentRoute', metadata: { name: '', namespace: 'default' }, spec: { require: { capability: '' }, strategy: 'instances', fallback: { name: '' }, semantic: { mode: 'shadow', floor: 0.3 } } }

/** A route that is not there yet. */
export function NewAgentRoute() {
  const router = useRouter()
  const why = useWhyNot('operator')
  const change = useChange({ kind: 'AgentRoute', at: null, stored: null, fresh: () => structuredClone(FRESH), onApplied: (_, object) => router.push(paths.agentRoute(object.metadata.namespace, object.metadata.name)) })
  return (
    <Page title="New route by capability" crumbs={CRUMBS} command="npx heddle apply -f route.yaml">
      <ChangeFlow change={change} stored={null} why={why} command={`npx heddle apply -f ${change.ref?.name || 'route'}.yaml`} onGoTo={(pointer) => change.go({ step: null, pointer })}>
        <ObjectYaml draft={change.draft} findings={change.findings} pointer={change.pointer} why={why} label="New route as YAML" />
      </ChangeFlow>
    </Page>
  )
}
