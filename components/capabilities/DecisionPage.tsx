'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Decision, TryAnswer } from '#server/contracts/semantic.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { call, reading } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { paths } from '#components/paths.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { NOTHING } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Select } from '#components/ui/Select.tsx'
import { CandidateTable } from './CandidateTable.tsx'
import { Answer } from './Playground.tsx'

/** Why did this task go there, and would it today? */
export function DecisionPage({ id }: { id: string }) {
  const query = useLiveQuery<Decision>({ ...reading<Decision>(asks.decision(id)), topics: [] })
  return (
    <Page title="Why did this task go there?" crumbs={[{ href: paths.capabilities({ tab: 'decisions' }), label: 'Capabilities' }]} command={`npx heddle semantic decisions`}>
      <Loaded query={query} what="this decision">{(decision) => <Told decision={decision} />}</Loaded>
    </Page>
  )
}

function Told({ decision }: { decision: Decision }) {
  const replay = useMutation({ mutationFn: async () => (await call<TryAnswer>(`/semantic/decisions/${decision.id}/replay`, { method: 'POST' })).body })
  return (
    <div className="grid gap-3">
      <Card title={decision.chosen === null ? 'It went to the fallback' : `It went to ${decision.chosen}`} note={decision.reason} actions={<Button small isPending={replay.isPending} onPress={() => replay.mutate()}>Replay against today</Button>}>
        <KeyValue wide rows={[
          ['Route', <Link key="route" href={paths.agentRoute(decision.namespace, decision.route)}>{decision.namespace}/{decision.route}</Link>],
          ['When', <RelativeTime key="at" at={decision.at} />],
          ['Caller', decision.caller || NOTHING],
          ['By', decision.mode === 'shadow' ? `${decision.outcome}, in shadow: the call went as without it` : decision.outcome],
          ['Task', decision.taskText ?? `not kept; its hash is ${decision.taskHash}`],
          ['At revision', <Link key="revision" href={paths.change(decision.revision)}>{decision.revision}</Link>],
          ['Trace', decision.traceId ? <Link key="trace" href={paths.trace(decision.traceId)}>{decision.traceId}</Link> : NOTHING],
        ]} />
        <div className="-mx-2.5 mt-3"><CandidateTable rows={decision.candidates} /></div>
      </Card>
      {replay.error && <Notice state="warn">{replay.error.message}</Notice>}
      {replay.data && <Answer answer={replay.data} />}
      <Correction decision={decision} />
    </div>
  )
}

const NOBODY = '-'

function Correction({ decision }: { decision: Decision }) {
  const client = useQueryClient()
  const [agent, setAgent] = useState(decision.corrected ?? decision.chosen ?? NOBODY)
  const why = useWhyNot('operator')
  const keep = useMutation({ mutationFn: () => call(`/semantic/decisions/${decision.id}/correction`, { method: 'PUT', body: { agent: agent === NOBODY ? null : agent } }), onSuccess: () => client.invalidateQueries({ queryKey: asks.decision(decision.id).key }) })
  const options = [{ id: NOBODY, title: 'nobody (the fallback)' }, ...decision.candidates.map((row) => ({ id: row.agent, title: row.agent }))]
  return (
    <Card title="Who should have answered?" note={decision.corrected ? `said: ${decision.corrected}` : 'Corrected decisions make a labelled set.'}>
      <div className="flex flex-wrap items-end gap-2">
        <Select label="Agent" options={options} value={options.some(({ id }) => id === agent) ? agent : NOBODY} onChange={setAgent} />
        <Button why={why} isPending={keep.isPending} onPress={() => keep.mutate()}>Keep that</Button>
      </div>
      {keep.error && <div className="mt-3"><Notice state="bad">{keep.error.message}</Notice></div>}
    </Card>
  )
}
