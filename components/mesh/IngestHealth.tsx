'use client'
import { useLiveQuery } from '#components/live.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatBytes, formatCount, formatMs, formatRate, plural } from '#components/ui/format.ts'
import { Notice } from '#components/ui/Notice.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { answer, api } from '#components/api.ts'
import { Sparkline } from '#components/charts/Sparkline.tsx'
import { Loaded } from './Loaded.tsx'
import { TOPICS } from './topics.ts'

const read = () => answer(api.ingest.$get({ query: { window: '15m' } }))
type Bucket = Awaited<ReturnType<typeof read>>['items'][number]

const REASONS: Record<string, string> = { overloaded: 'the collector was full', unavailable: 'the store did not answer', unauthenticated: 'a token that is not known', too_large: 'larger than a request may be', bad_request: 'not readable as OTLP', invalid: 'not valid as OTLP' }

/** Does telemetry come in, how fast, and what was refused? */
export function IngestHealth() {
  const query = useLiveQuery({ key: ['ingest'], read, topics: TOPICS.telemetry, everyMs: 10_000 })
  return (
    <Loaded query={query} what="the ingest figures">
      {({ items }) => {
        const collectors = Map.groupBy(items, (bucket) => bucket.collector)
        const refused = sumOf(items, 'refused')
        const redacted = sumOf(items, 'redacted')
        if (collectors.size === 0) return <Card title="Ingest"><EmptyState kind="no-data" title="Nothing came in within the last 15 minutes">Point an OTLP exporter at a collector, over gRPC or HTTP; what it sends is on the pages within two seconds.</EmptyState></Card>
        return (
          <div className="grid gap-[18px]">
            {refused.length > 0 && <Notice state="warn">Refused in the last 15 minutes: {refused.map(([reason, count]) => `${formatCount(count)} because of ${REASONS[reason] ?? reason}`).join(', ')}. Senders were told, and try again where that helps.</Notice>}
            {redacted.length > 0 && <Notice state="info">Taken out before it was stored, in the last 15 minutes: {redacted.map(([mark, count]) => `${mark} ${formatCount(count)}`).join(', ')}.</Notice>}
            <Card flush title="Collectors" note={`${plural(collectors.size, 'collector')}, last 15 minutes; acknowledged is stored`}>
              <Table label="Collectors">
                <thead><tr><Th>Collector</Th><Th right>Spans</Th><Th>Spans over time</Th><Th right>Points</Th><Th right>Bytes</Th><Th right>Slowest to store</Th><Th right>Waiting</Th><Th right>Refused</Th><Th>Last heard</Th></tr></thead>
                <tbody>{[...collectors].map(([collector, buckets]) => <Collector key={collector} name={collector} buckets={buckets} />)}</tbody>
              </Table>
            </Card>
          </div>
        )
      }}
    </Loaded>
  )
}

function Collector({ name, buckets }: { name: string; buckets: readonly Bucket[] }) {
  const sum = (of: (bucket: Bucket) => number) => buckets.reduce((total, bucket) => total + of(bucket), 0)
  const ordered = buckets.toSorted((a, b) => a.at.localeCompare(b.at))
  const last = ordered.at(-1)
  const spans = sum((bucket) => bucket.spans)
  return (
    <tr>
      <Td><span className="font-medium">{name}</span></Td>
      <Td right>{formatCount(spans)}<span className="block text-sm text-muted">{formatRate(spans / 900)}</span></Td>
      <Td><span className="block w-40"><Sparkline values={ordered.map((bucket) => bucket.spans)} label={`Spans of ${name} over the last 15 minutes`} height={28} /></span></Td>
      <Td right>{formatCount(sum((bucket) => bucket.points))}</Td>
      <Td right>{formatBytes(sum((bucket) => bucket.bytes))}</Td>
      <Td right>{formatMs(Math.max(0, ...buckets.map((bucket) => bucket.lagMs)))}</Td>
      <Td right>{formatBytes(last?.waitingBytes ?? 0)}</Td>
      <Td right>{formatCount(sumOf(buckets, 'refused').reduce((total, [, count]) => total + count, 0))}</Td>
      <Td muted>{last ? <RelativeTime at={last.at} /> : '–'}</Td>
    </tr>
  )
}

function sumOf(buckets: readonly Bucket[], what: 'refused' | 'redacted'): [string, number][] {
  const sums = new Map<string, number>()
  for (const bucket of buckets) for (const [reason, count] of Object.entries(bucket[what])) sums.set(reason, (sums.get(reason) ?? 0) + count)
  return [...sums].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1])
}
