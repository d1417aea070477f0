'use client'
import { useQuery } from '@tanstack/react-query'
import type { SessionDetail } from '#server/contracts/sessions.ts'
import { get } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { paths } from '#components/paths.ts'
import { printDuration } from '#components/trace/scale.ts'
import { TraceTable } from '#components/trace/TraceTable.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { formatCount, plural } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { PricesButton } from './Prices.tsx'
import { formatCost, formatTokens, Outcome } from './words.tsx'

const REFRESH_MS = 5000

/** One conversation: what it was, what it used of each model, and its traces in order of time. */
export function SessionPage({ conversation }: { conversation: string }) {
  const query = useQuery({ queryKey: ['session', conversation], queryFn: get<SessionDetail>(`/sessions/${encodeURIComponent(conversation)}`), refetchInterval: REFRESH_MS })
  return (
    <Page title={<span className="font-mono">{conversation}</span>} crumbs={[{ href: paths.sessions(), label: 'Sessions' }]} tags={query.data && <Outcome of={query.data.outcome} />} actions={<PricesButton />}>
      <Loaded query={query} what="this session">{(session) => <Told session={session} />}</Loaded>
    </Page>
  )
}

function Told({ session }: { session: SessionDetail }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-[18px]">
      <div className="grid gap-[18px] lg:grid-cols-2">
        <Card title="The conversation">
          <KeyValue rows={[
            ['Began', <LocalTime key="began" at={session.startedAt} />],
            ['Took', printDuration(session.durationMs)],
            ['Services', session.services.join(', ')],
            ['Spans', session.errors > 0 ? `${formatCount(session.spans)}, ${formatCount(session.errors)} failed` : formatCount(session.spans)],
            ['Model calls', formatCount(session.modelCalls)],
            ['Tool calls', formatCount(session.toolCalls)],
            ['Tokens', `${formatCount(session.tokens.input)} in, ${formatCount(session.tokens.output)} out`],
            ['Cost', session.cost === null ? 'its models have no price' : formatCost(session.cost)],
            session.cost !== null && session.unpricedTokens > 0 && ['Without a price', plural(session.unpricedTokens, 'token')],
            ['Id', <Copyable key="id" text={session.conversation} label="the conversation id" />],
          ]} />
        </Card>
        <Card flush title="By model">
          {session.byModel.length === 0 ? <p className="m-0 px-4 pb-4 text-muted">No model was called.</p> : <Models session={session} />}
        </Card>
      </div>
      <Card flush title="Traces" note={session.traceList.length < session.traces ? `the ${formatCount(session.traceList.length)} newest of ${formatCount(session.traces)}, in order of time` : 'in order of time'}>
        <TraceTable traces={session.traceList} />
      </Card>
    </div>
  )
}

function Models({ session }: { session: SessionDetail }) {
  return (
    <Table label="Models">
      <thead><tr><Th>Model</Th><Th right>Calls</Th><Th right>Failed</Th><Th right>Tokens</Th><Th right>Cost</Th></tr></thead>
      <tbody>
        {session.byModel.map((row) => (
          <tr key={row.model}>
            <Td>{row.model || <span className="text-muted">not named</span>}</Td>
            <Td right>{formatCount(row.calls)}</Td>
            <Td right>{formatCount(row.errors)}</Td>
            <Td right>{formatTokens(row.tokens)}</Td>
            <Td right>{row.cost === null || session.cost === null ? <span className="text-muted">no price</span> : formatCost({ amount: row.cost, currency: session.cost.currency })}</Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
