'use client'
import { answer, api } from '#components/api.ts'
import { useLiveQuery } from '#components/live.tsx'
import { Card } from '#components/ui/Card.tsx'
import { formatBytes, formatLong, plural } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Loaded } from './Loaded.tsx'
import { TOPICS } from './topics.ts'

const read = () => answer(api.ingest.storage.$get({ query: {} }))

/** What telemetry takes on disk, and when it goes. */
export function Storage() {
  const query = useLiveQuery({ key: ['ingest', 'storage'], read, topics: TOPICS.telemetry, everyMs: 60_000 })
  return (
    <Card title="Storage">
      <Loaded query={query} what="the storage">
        {({ bytes, bytesMax, retentionMs, days, citus }) => (
          <div className="grid gap-3 lg:max-w-[560px]">
            {citus && <Notice state="warn">Citus: unproven until run. The bulk of the telemetry is spread over its workers, which nobody has tried yet; docs/citus.md says what to expect.</Notice>}
            <KeyValue
              rows={[
                ['On disk', `${formatBytes(bytes)} of ${formatBytes(bytesMax)}`],
                ['Kept for', `${formatLong(retentionMs)}; above the limit the oldest day goes`],
                ['Days', days.length === 0 ? 'none yet' : `${plural(days.length, 'day')}, ${days[0]?.day} to ${days.at(-1)?.day}; the last two are made ahead`],
                ['Largest day', largest(days)],
              ]}
            />
          </div>
        )}
      </Loaded>
    </Card>
  )
}

function largest(days: readonly { day: string; bytes: number }[]): string {
  const most = days.reduce((before, one) => (one.bytes > before.bytes ? one : before), { day: '', bytes: -1 })
  return most.bytes < 0 ? '–' : `${most.day}, ${formatBytes(most.bytes)}`
}
