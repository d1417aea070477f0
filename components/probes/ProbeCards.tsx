'use client'
import type { ProbedInstance, ProbeEvent } from '#server/contracts/registry.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatMs } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { markOfHealth } from './words.ts'

const EVERY_MS = 2000

const INSTANCES: readonly Column<ProbedInstance>[] = [
  { id: 'instance', header: 'Instance', cell: (one) => <span className="font-mono text-sm">{one.instance}</span> },
  { id: 'state', header: 'State', cell: (one) => <Tag state={markOfHealth(one.state)}>{one.state}</Tag> },
  { id: 'since', header: 'Since', muted: true, cell: (one) => <RelativeTime at={one.since} /> },
  { id: 'probes', header: 'Probes', wrap: true, cell: (one) => <span className="grid gap-0.5">{one.probes.map((probe) => <span key={probe.probe}>{probe.probe}: {saidOf(probe)}, {formatMs(probe.latencyMs)}</span>)}</span> },
]
const EVENTS: readonly Column<ProbeEvent>[] = [
  { id: 'at', header: 'When', muted: true, cell: (event) => <RelativeTime at={event.at} /> },
  { id: 'instance', header: 'Instance', cell: (event) => <span className="font-mono text-sm">{event.instance}</span> },
  { id: 'became', header: 'Became', cell: (event) => `${event.was} → ${event.became}` },
  { id: 'why', header: 'Because', wrap: true, cell: (event) => `${event.probe}: ${event.reason}` },
]

/** A look that went well may still have something to tell: how long the queue is, or that its metric cannot be read. */
function saidOf({ ok, reason }: ProbedInstance['probes'][number]): string {
  if (!ok) return reason
  return reason === '' ? 'fine' : `answers; ${reason}`
}

/** How well an agent's instances are, and since when. */
export function ProbeCards({ namespace, agent }: { namespace: string; agent: string }) {
  const instances = useLiveQuery<List<ProbedInstance>>({ ...reading<List<ProbedInstance>>(asks.probed(namespace, agent)), topics: [], everyMs: EVERY_MS })
  const events = useLiveQuery<List<ProbeEvent>>({ ...reading<List<ProbeEvent>>(asks.probeEvents(namespace, agent)), topics: [], everyMs: EVERY_MS })
  return (
    <>
      <Card flush title="Is it well?">
        <Loaded query={instances} what="what probes found">
          {({ items }) => <DataTable label="Probed instances" columns={INSTANCES} rows={items} rowKey={(one) => one.instance} empty={<EmptyState kind="no-data" title="No probe looks at it">Apply an object of kind HealthProbe that names it; until then an instance is ready when its sidecar says so.</EmptyState>} />}
        </Loaded>
      </Card>
      <Card flush title="When that changed">
        <Loaded query={events} what="the history of its probes">
          {({ items }) => <DataTable label="Probe history" columns={EVENTS} rows={items} rowKey={(event) => `${event.at} ${event.instance} ${event.probe} ${event.became}`} empty={<EmptyState kind="no-data" title="Nothing has changed yet">Each change of state is kept for 7 days, with the probe that saw it and its reason.</EmptyState>} />}
        </Loaded>
      </Card>
    </>
  )
}
