'use client'
import { useMutation } from '@tanstack/react-query'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import type { AgentRoute } from '#server/contracts/agent-route.ts'
import type { TryAnswer } from '#server/contracts/semantic.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { call, reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { formatMs, NOTHING } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Select } from '#components/ui/Select.tsx'
import { CandidateTable } from './CandidateTable.tsx'
import { EvaluationCard } from './Evaluation.tsx'

/** Where a task would go, and why: by the stored route, without calling anybody. */
export function Playground() {
  const routes = useLiveQuery<List<AgentRoute>>({ ...reading<List<AgentRoute>>(asks.agentRoutes()), topics: TOPICS.revisions, everyMs: 10_000 })
  return (
    <Loaded query={routes} what="the routes">
      {({ items }) => (items.length === 0 ? <EmptyState kind="no-data" title="There is no route to try">Write an AgentRoute with a semantic part first.</EmptyState> : <Bench routes={items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)} />)}
    </Loaded>
  )
}

function Bench({ routes }: { routes: readonly string[] }) {
  const [asked, setRoute] = useQueryState('route', parseAsString)
  const [task, setTask] = useState('')
  const chosen = asked !== null && routes.includes(asked) ? asked : (routes[0] ?? '')
  const [namespace = '', route = ''] = chosen.split('/')
  const attempt = useMutation({ mutationFn: async () => (await call<TryAnswer>('/semantic/try', { method: 'POST', body: { namespace, route, task } })).body })
  return (
    <div className="grid gap-3">
      <Card title="Where would this go?">
        <form className="grid max-w-[760px] gap-3" onSubmit={(event) => {
          event.preventDefault()
          attempt.mutate()
        }}>
          <Select label="Route" options={routes.map((id) => ({ id, title: id }))} value={chosen} onChange={(id) => void setRoute(id)} />
          <Field label="Task" rows={4} value={task} onChange={setTask} placeholder="Type a task, or paste a request body" />
          <span><Button type="submit" look="primary" isPending={attempt.isPending} why={task.trim() === '' ? 'Type a task first' : null}>See where it goes</Button></span>
        </form>
      </Card>
      {attempt.error && <Notice state="bad">{attempt.error.message}</Notice>}
      {attempt.data && <Answer answer={attempt.data} />}
      <EvaluationCard namespace={namespace} route={route} />
    </div>
  )
}

export function Answer({ answer }: { answer: TryAnswer }) {
  return (
    <Card title={answer.chosen === null ? `To the fallback${answer.fallback ? `, ${answer.fallback}` : ''}` : `To ${answer.chosen}`} note={answer.reason}>
      <KeyValue wide rows={[
        ['Nearest skill', answer.skill ?? NOTHING],
        ['Similarity of the best', answer.confidence?.toFixed(3) ?? NOTHING],
        ['Mode', answer.mode],
        ['Envoy route', <span key="route" className="font-mono text-sm">{answer.envoyRoute}</span>],
        ['Decided in', formatMs(answer.durationMs)],
      ]} />
      <div className="-mx-2.5 mt-3"><CandidateTable rows={answer.candidates} /></div>
    </Card>
  )
}
