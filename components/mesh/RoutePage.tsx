'use client'
import { useRouter } from 'next/navigation'
import { parseAsString, useQueryState, useQueryStates } from 'nuqs'
import { useEffect, useState } from 'react'
import { KINDS, type ObjectRef } from '#server/contracts/object.ts'
import type { Proxy } from '#server/contracts/status.ts'
import { asks } from '#components/asks.ts'
import { FindingsNotice } from '#components/findings/OwnFindings.tsx'
import { useLiveQuery } from '#components/live.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Tabs } from '#components/ui/Tabs.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths, withQuery } from '#components/paths.ts'
import { reading, type List } from './call.ts'
import { ChangeFlow } from './ChangeFlow.tsx'
import { editable } from './editable.ts'
import { DeleteObject } from './DeleteObject.tsx'
import { ObjectFormProvider } from './form-context.tsx'
import { Loaded } from './Loaded.tsx'
import { ObjectHistory } from './ObjectHistory.tsx'
import { ObjectYaml } from './ObjectYaml.tsx'
import { RefusedNotice, refusalFindings } from './RefusedNotice.tsx'
import { RevisionState, useRevisionStatus } from './RevisionState.tsx'
import { RouteConditions } from './RouteConditions.tsx'
import { RouteForm } from './RouteForm.tsx'
import { pathOfRoute, revisionOf, type ListedRoute } from './RouteList.tsx'
import type { RouteKind } from './RuleForm.tsx'
import { rulesOf, splitCommand, splitsOf, withShares } from './route-reading.ts'
import { RouteSplit } from './RouteSplit.tsx'
import { RouteTraffic } from './RouteTraffic.tsx'
import { TrafficFollows } from './TrafficFollows.tsx'
import { parseSplit } from './split.ts'
import { TOPICS } from './topics.ts'
import { useChange } from './use-change.ts'

const TABS = ['split', 'rules', 'traffic', 'yaml', 'history'] as const

/** One route: its split, its rules, its traffic, its text and its past; every edit goes over a review. */
export function RoutePage({ kind, namespace, name }: { kind: RouteKind; namespace: string; name: string }) {
  const ref: ObjectRef = { kind, namespace, name }
  const stored = useLiveQuery<ListedRoute>({ ...reading<ListedRoute>(asks.object(ref)), topics: TOPICS.revisions, everyMs: 10_000 })
  const loading = stored.data === undefined
  return (
    <>
      {loading ? (
        <Page title={name} crumbs={CRUMBS} tags={<Tag>{kind}</Tag>}><Loaded query={stored} what={`the route ${name}`}>{() => null}</Loaded></Page>
      ) : (
        <Route route={stored.data} stale={stored.error} />
      )}
    </>
  )
}

const CRUMBS = [{ href: paths.routes(), label: 'Routes' }]

function Route({ route, stale }: { route: ListedRoute; stale: Error | null }) {
  const { kind } = route
  const { namespace, name, managedBy } = route.metadata
  const ref: ObjectRef = { kind, namespace, name }
  const [tabText, setTab] = useQueryState('tab', parseAsString.withDefault('split'))
  const tab = TABS.find((each) => each === tabText) ?? 'split'
  const [{ split }, setSplit] = useQueryStates({ split: parseAsString }, { history: 'replace' })
  const [deleting, setDeleting] = useState(false)
  const router = useRouter()
  const noRole = useWhyNot('operator')
  const why = managedBy ? `This route is kept by ${managedBy}; change it there` : noRole
  const change = useChange({ kind, at: ref, stored: route, fresh: () => ({}), onApplied: (revision) => { void setSplit({ split: null }); change.go({ step: 'applied', revision, pointer: null }) } })
  const { draft } = change
  const status = useRevisionStatus(revisionOf(route)).data
  const findings = [...change.findings, ...refusalFindings(status, ref, draft.changed ? null : revisionOf(route))]
  const object = draft.parsed.readable ? draft.parsed.object : null
  const proxies = useLiveQuery<List<Proxy>>({ ...reading<List<Proxy>>(asks.proxies()), topics: TOPICS.proxies, everyMs: 10_000 })

  // A link to a split that is still a draft: `?split=0.50-50`.
  useEffect(() => {
    const [rule, shares] = (split ?? '').split('.')
    const target = split && !draft.changed && object ? splitsOf(object).find((each) => String(each.index) === rule) : undefined
    const wanted = target && parseSplit(shares ?? null, target.backends.length)
    if (object && target && wanted && change.step !== 'applied') draft.setObject(withShares(object, target.index, wanted))
    // eslint-disable-next-line react-hooks/exhaustive-deps -- read once, when the page opens
  }, [])

  const goToField = (pointer: string) => {
    const inRules = object !== null && tab !== 'yaml'
    void setTab(inRules ? 'rules' : 'yaml')
    change.go({ step: null, pointer: null, revision: null })
    setTimeout(() => change.go({ pointer })) // after the fields are there
  }
  const rules = object ? rulesOf(object) : []
  const command = (object && kind === 'HTTPRoute' ? splitCommand(object, editable(route), name, namespace) : null) ?? `npx heddle apply -f ${name}.yaml`
  const tabs = [
    { id: 'split', title: 'Split' }, { id: 'rules', title: 'Rules', note: rules.length }, { id: 'traffic', title: 'Traffic' }, { id: 'yaml', title: 'YAML' }, { id: 'history', title: 'History' },
  ].map((each) => ({ ...each, href: pathOfRoute(route, { tab: each.id }) }))
  return (
    <Page
      title={name} crumbs={[...CRUMBS, { href: withQuery(paths.routes(), { q: namespace }), label: namespace }]}
      tags={<><Tag>{kind}</Tag>{draft.changed && change.step !== 'applied' ? <Tag tone="info">Draft</Tag> : <RevisionState revision={change.step === 'applied' ? change.revision : revisionOf(route)} />}</>}
      actions={<>
        {draft.changed && change.step === 'edit' && <Button look="quiet" onPress={() => { draft.discard(); void setSplit({ split: null }) }}>Discard draft</Button>}
        <Button look="danger" why={why} onPress={() => setDeleting(true)}>Delete…</Button>
      </>}
      command={change.step === 'edit' ? `npx heddle get ${KINDS[kind].plural} ${name}${namespace === 'default' ? '' : ` --namespace ${namespace}`} -o yaml` : undefined}
    >
      <Tabs label="Parts of the route" tabs={tabs} open={tab} />
      <div className="grid gap-3">
        {stale && <Notice state="warn">This is the route as it was read last; now: {stale.message}</Notice>}
        {managedBy && <Notice state="info">This route is kept by {managedBy}. It is read-only here; change it there.</Notice>}
        {change.step === 'edit' && status && <RefusedNotice status={status} at={ref} why={why} onGoTo={goToField} />}
        {change.step === 'edit' && !draft.changed && <RouteConditions at={ref} />}
        {change.step === 'edit' && !draft.changed && <FindingsNotice at={ref} onGoTo={goToField} />}
        {tab === 'history' ? <ObjectHistory at={ref} /> : tab === 'traffic' ? <RouteTraffic route={route} /> : (
          <ChangeFlow change={change} stored={route} why={why} command={command} onGoTo={goToField} besideApplied={(status) => <RouteTraffic route={route} status={status} />} followsApplied={(status) => <TrafficFollows route={route} status={status} />}
            besideReview={tab === 'split' && object ? <RouteSplit draft={object} stored={route} namespace={namespace} proxies={proxies.data?.items ?? null} why={why} onChange={moveSplit} /> : undefined}>
            {editor()}
          </ChangeFlow>
        )}
      </div>
      <DeleteObject open={deleting} at={ref} stored={route} onClose={() => setDeleting(false)} onDeleted={(revision) => router.push(revision === null ? paths.routes() : paths.change(revision))} />
    </Page>
  )

  function moveSplit(next: Record<string, unknown>, rule: number, shares: readonly number[]) {
    draft.setObject(next)
    void setSplit({ split: `${rule}.${shares.join('-')}` })
  }

  function editor() {
    if (tab === 'yaml' || !object) return <ObjectYaml draft={draft} findings={findings} pointer={change.pointer} why={why} label={`${name} as YAML`} />
    if (tab === 'rules') return <ObjectFormProvider object={object} findings={findings} disabled={why !== null} change={draft.setObject} goTo={change.pointer}><RouteForm kind={kind} /></ObjectFormProvider>
    return <><RouteSplit draft={object} stored={route} namespace={namespace} proxies={proxies.data?.items ?? null} why={why} onChange={moveSplit} /><RouteTraffic route={route} /></>
  }
}
