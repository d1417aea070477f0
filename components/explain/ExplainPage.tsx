'use client'
import { useQuery } from '@tanstack/react-query'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useState } from 'react'
import type { Agent } from '#server/contracts/agent.ts'
import type { Explanation } from '#server/contracts/explain.ts'
import { HTTPMethod } from '#server/contracts/route-filters.ts'
import { asks } from '#components/asks.ts'
import { call, reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Select } from '#components/ui/Select.tsx'
import { ExplanationView } from './ExplanationView.tsx'
import { explainCommand, parseHeaders, type Asked } from './asked.ts'

const URL_STATE = {
  from: parseAsString.withDefault(''),
  to: parseAsString.withDefault(''),
  path: parseAsString.withDefault('/'),
  method: parseAsStringLiteral(HTTPMethod.options).withDefault('POST'),
  headers: parseAsString.withDefault(''),
}
const METHODS = HTTPMethod.options.map((method) => ({ id: method, title: method }))

/** Where a call would go, and why every other rule and policy lost; the question is the page's address, and nothing is sent. */
export function ExplainPage() {
  const agents = useQuery({ queryKey: asks.agentNames().key, queryFn: reading<List<Agent>>(asks.agentNames()).read })
  const [asked, ask] = useQueryStates(URL_STATE, { history: 'push' })
  return (
    <Page title="Explain" command={asked.from !== '' && asked.to !== '' ? explainCommand(asked) : undefined}>
      <Loaded query={agents} what="the agents">
        {({ items }) => items.length === 0
          ? <Card><EmptyState kind="no-data" title="There is no agent to call from">Connect one, and ask here where its calls would go.</EmptyState></Card>
          : <div className="grid gap-[18px]"><Question key={JSON.stringify(asked)} agents={items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)} asked={asked} onAsk={(next) => void ask(next)} /><Answer asked={asked} /></div>}
      </Loaded>
    </Page>
  )
}

function Question({ agents, asked, onAsk }: { agents: readonly string[]; asked: Asked; onAsk: (asked: Asked) => void }) {
  const [draft, setDraft] = useState(asked)
  const set = (part: Partial<Asked>) => setDraft({ ...draft, ...part })
  const headers = parseHeaders(draft.headers)
  const why = draft.from === '' ? 'Choose who calls' : draft.to.trim() === '' ? 'Say whom it calls' : !draft.path.startsWith('/') ? 'A path begins with /' : headers.wrong
  return (
    <Card title="The call">
      <form className="grid gap-3" onSubmit={(event) => {
        event.preventDefault()
        if (why === null) onAsk({ ...draft, to: draft.to.trim() })
      }}>
        <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)] lg:grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)_130px_minmax(0,1fr)]">
          <Select label="From" placeholder="the calling agent" options={agents.map((id) => ({ id, title: id.replace(/^default\//, '') }))} value={agents.includes(draft.from) ? draft.from : null} onChange={(from) => set({ from })} />
          <Field label="To" mono value={draft.to} onChange={(to) => set({ to })} placeholder="translator.default.mesh" />
          <Select label="Method" options={METHODS} value={draft.method} onChange={(method) => set({ method })} />
          <Field label="Path" mono value={draft.path} onChange={(path) => set({ path })} />
        </div>
        <Field label="Headers, one a line" mono rows={2} value={draft.headers} onChange={(text) => set({ headers: text })} placeholder="x-tier: gold" error={headers.wrong} />
        <span><Button type="submit" look="primary" why={why}>Explain it</Button></span>
      </form>
    </Card>
  )
}

function Answer({ asked }: { asked: Asked }) {
  const [namespace = '', agent = ''] = asked.from.split('/')
  const { headers, wrong } = parseHeaders(asked.headers)
  const complete = agent !== '' && asked.to !== '' && wrong === null
  const query = useQuery({
    queryKey: ['explain', asked],
    enabled: complete,
    retry: false,
    queryFn: async ({ signal }) => (await call<Explanation>('/explain', { method: 'POST', body: { from: { namespace, agent }, host: asked.to, path: asked.path, method: asked.method, headers }, signal })).body,
  })
  if (!complete) return <Card><EmptyState kind="no-data" title="No call yet">Say who calls whom. Nothing is sent: the answer comes from the configuration as it is now.</EmptyState></Card>
  if (query.error) return <Card title="No answer"><Loaded query={query} what="this explanation">{() => null}</Loaded></Card>
  return <Loaded query={query} what="the explanation">{(explanation) => <ExplanationView explanation={explanation} />}</Loaded>
}
