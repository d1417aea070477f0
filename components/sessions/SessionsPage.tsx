'use client'
import type { Session } from '#server/contracts/sessions.ts'
import { Failure } from '#components/mesh/Loaded.tsx'
import { paths } from '#components/paths.ts'
import { printDuration } from '#components/trace/scale.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { formatCount } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { PricesButton } from './Prices.tsx'
import { useSessions } from './use-sessions.ts'
import { formatCost, formatTokens, Outcome } from './words.tsx'

/** Conversations, newest first: what each took, used and cost, and how it ended. */
export function SessionsPage() {
  const { query, service, setService, sessions, says } = useSessions()
  return (
    <Page title="Sessions" tags={<span className="text-sm text-muted">{says}</span>} actions={<PricesButton />}>
      <form role="search" aria-label="Find sessions" onSubmit={(event) => { event.preventDefault(); void query.refetch() }} className="mb-4">
        <span data-find><Field label="Service" value={service} onChange={setService} placeholder="any" className="w-52 max-md:w-full" /></span>
      </form>
      {query.error && sessions.length > 0 && <div className="mb-3"><Notice state="warn">These are the sessions as they were found last; since then: {query.error.message}</Notice></div>}
      <Card flush title="Sessions" note={sessions.length > 0 ? `${formatCount(sessions.length)}${query.hasNextPage ? ' and more' : ''}, newest first` : undefined}>
        {query.isPending ? <SkeletonRows rows={8} label="Loading the sessions" />
          : query.error && sessions.length === 0 ? <Failure error={query.error} what="the sessions" action={<Button small onPress={() => void query.refetch()}>Try again</Button>} />
            : sessions.length === 0
              ? service !== '' ? <EmptyState kind="filtered" title="No session of that service" action={<Button onPress={() => setService('')}>Any service</Button>}>Nothing in the {says} names it.</EmptyState>
                : <EmptyState kind="no-data" title={`No session in the ${says}`} action={<ButtonLink href={paths.connect({ way: 'telemetry' })}>Send traces to Heddle</ButtonLink>}>Spans that say <code>gen_ai.conversation.id</code> or <code>session.id</code> make one.</EmptyState>
              : <SessionTable sessions={sessions} />}
        {query.hasNextPage && <div className="px-2.5 py-2"><Button small isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>Older sessions</Button></div>}
      </Card>
    </Page>
  )
}

function SessionTable({ sessions }: { sessions: readonly Session[] }) {
  return (
    <Table label="Sessions">
      <thead><tr><Th>Conversation</Th><Th>Outcome</Th><Th>Began</Th><Th right>Took</Th><Th right>Traces</Th><Th>Services</Th><Th right>Model calls</Th><Th right>Tokens</Th><Th right>Cost</Th></tr></thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.conversation} className="hover:bg-ground">
            <Td><Link href={paths.session(session.conversation)} className="block max-w-[280px] truncate font-mono text-[12.5px] no-underline hover:underline">{session.conversation}</Link></Td>
            <Td><Outcome of={session.outcome} /></Td>
            <Td muted><RelativeTime at={session.startedAt} /></Td>
            <Td right>{printDuration(session.durationMs)}</Td>
            <Td right>{formatCount(session.traces)}</Td>
            <Td muted><span className="block max-w-[260px] truncate" title={session.services.join(', ')}>{session.services.join(', ')}</span></Td>
            <Td right>{formatCount(session.modelCalls)}</Td>
            <Td right>{formatTokens(session.tokens)}</Td>
            <Td right>{formatCost(session.cost)}{session.cost !== null && session.unpricedTokens > 0 && <span title={`${formatCount(session.unpricedTokens)} tokens have no price`}> +</span>}</Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
