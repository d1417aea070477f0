'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { CardHistory, KeptCard } from '#server/contracts/registry.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { call, reading } from '#components/mesh/call.ts'
import { DiffView } from '#components/mesh/DiffView.tsx'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { paths } from '#components/paths.ts'
import { ProbeCards } from '#components/probes/ProbeCards.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Tag } from '#components/ui/Tag.tsx'

/** What an agent says of itself, since when, what that broke, and how well it is. */
export function RegisteredAgent({ namespace, name }: { namespace: string; name: string }) {
  const cards = asks.cards(namespace, name)
  const client = useQueryClient()
  const query = useLiveQuery<CardHistory>({ ...reading<CardHistory>(cards), topics: TOPICS.revisions, everyMs: 15_000 })
  const refresh = useMutation({ mutationFn: () => call(`/registry/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/refresh`, { method: 'POST' }), onSuccess: () => client.invalidateQueries({ queryKey: cards.key }) })
  const why = useWhyNot('operator')
  return (
    <Page title={name} crumbs={[{ href: paths.capabilities(), label: 'Capabilities' }]} command={`npx heddle agents cards ${name}`}
      actions={<><ButtonLink href={paths.agent(namespace, name)}>Its calls</ButtonLink><Button why={why} isPending={refresh.isPending} onPress={() => refresh.mutate()}>Read its card now</Button></>}>
      <div className="grid gap-3">
        {refresh.error && <Notice state="warn">{refresh.error.message}</Notice>}
        <Loaded query={query} what="its cards">{(history) => <Cards history={history} />}</Loaded>
        <ProbeCards namespace={namespace} agent={name} />
      </div>
    </Page>
  )
}

function Cards({ history: { items, callers } }: { history: CardHistory }) {
  const [open, setOpen] = useState<number | null>(null)
  if (items.length === 0) return <Card title="Cards"><EmptyState kind="no-data" title="It has shown no card">Its sidecar reads the A2A card that it serves; or name a discovery source on the Agent.</EmptyState></Card>
  return (
    <Card title="Cards" note="newest first">
      <ul className="m-0 grid list-none gap-3 p-0">
        {items.map((card, index) => {
          const before = items[index + 1]
          const isOpen = open === card.number
          return (
            <li key={card.number} className="grid gap-1.5 border-b border-line pb-3 last:border-b-0">
              <span className="flex flex-wrap items-center gap-2">
                <span className="font-medium">Card {card.number}</span><Tag>{card.form}</Tag>
                {card.signature.state !== 'none' && <Tag state={card.signature.state === 'verified' ? 'ok' : 'warn'} title={card.signature.reason}>signature {card.signature.state}</Tag>}
                <span className="text-sm text-muted">since <RelativeTime at={card.firstSeen} /></span>
                <Button small look="quiet" onPress={() => setOpen(isOpen ? null : card.number)}>{isOpen ? 'Hide' : before ? 'Compare with the one before' : 'Show'}</Button>
              </span>
              <Changes card={card} callers={index === 0 ? callers : []} />
              {isOpen && <DiffView before={before ? textOf(before) : ''} after={textOf(card)} names={[before ? `card ${before.number}` : 'nothing', `card ${card.number}`]} />}
            </li>
          )
        })}
      </ul>
    </Card>
  )
}

function Changes({ card, callers }: { card: KeptCard; callers: readonly string[] }) {
  const breaks = card.changes.some(({ breaking }) => breaking)
  return (
    <>
      {card.changes.length > 0 && <ul className="m-0 grid gap-0.5 pl-4 text-sm">{card.changes.map(({ what, breaking }) => <li key={what} className={breaking ? 'text-bad' : 'text-muted'}>{breaking ? 'Breaks callers: ' : ''}{what}</li>)}</ul>}
      {breaks && callers.length > 0 && <p className="m-0 text-sm text-muted">In the last hour it was called by {callers.join(', ')}.</p>}
    </>
  )
}

/** A stranger's document, as text. */
function textOf({ card }: KeptCard): string {
  return JSON.stringify(card, null, 2)
}
