'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Alert, Silence } from '#server/contracts/objective.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { call, reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { paths } from '#components/paths.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatLong, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { SPEED_WORDS } from './words.ts'

const SILENCE_MINUTES = 60

/** Alerts that run or ran, newest first; of one objective, or of all. */
export function Alerts({ at }: { at: { namespace: string; name: string } | null }) {
  const client = useQueryClient()
  const query = useLiveQuery<List<Alert>>({ ...reading<List<Alert>>(asks.alerts(at)), topics: TOPICS.telemetry, everyMs: 10_000 })
  const silences = useLiveQuery<List<Silence>>({ ...reading<List<Silence>>(asks.silences()), topics: TOPICS.telemetry, everyMs: 30_000 })
  const why = useWhyNot('operator')
  const settled = { onSettled: () => Promise.all([client.invalidateQueries({ queryKey: ['alerts'] }), client.invalidateQueries({ queryKey: asks.silences().key })]) }
  const silence = useMutation({ mutationFn: ({ namespace, objective }: Alert) => call('/silences', { method: 'POST', body: { namespace, objective, minutes: SILENCE_MINUTES } }), ...settled })
  const end = useMutation({ mutationFn: ({ id }: Silence) => call(`/silences/${id}`, { method: 'DELETE' }), ...settled })
  const columns: Column<Alert>[] = [
    ...(at ? [] : [{ id: 'objective', header: 'Objective', cell: ({ namespace, objective }: Alert) => <Link href={paths.policy('objectives', namespace, objective)} className="font-medium no-underline hover:underline">{namespace !== 'default' && <span className="text-muted">{namespace}/</span>}{objective}</Link> }]),
    { id: 'state', header: 'State', cell: (alert) => <Tag state={alert.endedAt ? 'idle' : alert.speed === 'fast' ? 'bad' : 'warn'}>{alert.endedAt ? 'over' : alert.silencedBy === null ? 'runs' : `silenced by ${alert.silencedBy}`}</Tag> },
    { id: 'why', header: 'Because', cell: ({ speed, peak }) => `${SPEED_WORDS[speed]}, ${peak.toFixed(1)}× at worst` },
    { id: 'began', header: 'Began', muted: true, cell: ({ startedAt }) => <RelativeTime at={startedAt} /> },
    { id: 'took', header: 'Took', muted: true, cell: ({ startedAt, endedAt }) => (endedAt ? formatLong(Date.parse(endedAt) - Date.parse(startedAt)) : 'not over') },
    { id: 'told', header: 'Told', wrap: true, cell: ({ deliveries }) => <Told deliveries={deliveries} /> },
    { id: 'do', header: '', cell: (alert) => !alert.endedAt && alert.silencedBy === null && <Button small why={why} isPending={silence.isPending && silence.variables.id === alert.id} onPress={() => silence.mutate(alert)} aria-label={`Silence for an hour: ${alert.objective}`}>Silence for an hour</Button> },
  ]
  const here = silences.data?.items.filter((one) => at === null || (one.namespace === at.namespace && (one.objective === null || one.objective === at.name))) ?? []
  const error = silence.error ?? end.error
  return (
    <Card flush title="Alerts" note={query.data && query.data.items.length > 0 ? 'newest first' : undefined}>
      {error && <div className="px-2.5 pb-2"><Notice state="bad">{error.message}</Notice></div>}
      {here.map((one) => (
        <div key={one.id} className="px-2.5 pb-2">
          <Notice state="info">{one.objective ?? `Everything of ${one.namespace}`} is silenced until <LocalTime at={one.until} form="clock" /> by {one.by}{one.reason && `: ${one.reason}`}. <Button small look="quiet" why={why} isPending={end.isPending} onPress={() => end.mutate(one)}>End the silence</Button></Notice>
        </div>
      ))}
      <Loaded query={query} what="the alerts">
        {({ items }) => <DataTable label="Alerts" columns={columns} rows={items} rowKey={({ id }) => id} empty={<EmptyState kind="well" title="No alert in 90 days">One begins when so much of a budget goes so fast that it would not last.</EmptyState>} />}
      </Loaded>
    </Card>
  )
}

function Told({ deliveries }: Pick<Alert, 'deliveries'>) {
  if (deliveries.length === 0) return <span className="text-muted">nobody</span>
  const failed = deliveries.filter(({ state }) => state !== 'delivered')
  const told = [...new Set(deliveries.filter(({ state }) => state === 'delivered').map(({ receiver }) => receiver))]
  return (
    <>
      {told.join(', ')}
      {failed.map(({ receiver, event, state, attempts, error }) => <span key={`${receiver} ${event}`} className="line-clamp-2 min-w-48 text-sm text-warn" title={error ?? undefined}>{receiver}: {state === 'failed' ? 'given up' : 'not yet'} after {plural(attempts, 'attempt')}{error && `: ${error}`}</span>)}
    </>
  )
}
