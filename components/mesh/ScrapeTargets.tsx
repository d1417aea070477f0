'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { REFUSED_SAMPLES, type RefusedSample, type ScrapeStatus, type ScrapeTarget, type ScrapeTargets as Stored } from '#server/contracts/scrape.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Button, IconButton } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Field } from '#components/ui/Field.tsx'
import { formatCount } from '#components/ui/format.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { call, reading } from './call.ts'
import { Loaded } from './Loaded.tsx'
import { TOPICS } from './topics.ts'

const STATES: Record<ScrapeStatus['state'], string> = { waiting: 'not scraped yet', up: 'up', down: 'down', unattended: 'no collector scrapes it' }

/** Which proxies of other meshes are scraped, and how the last scrape of each went. */
export function ScrapeTargets() {
  const { key, read } = reading<Stored>(asks.scrapeTargets())
  const targets = useQuery({ queryKey: key, queryFn: read, staleTime: Number.POSITIVE_INFINITY })
  const asked = reading<{ items: ScrapeStatus[] }>(asks.scrapeStatus())
  const statuses = useLiveQuery({ key: asked.key, read: asked.read, topics: TOPICS.telemetry, everyMs: 5000 })
  return (
    <div className="grid gap-[18px]">
      <Card title="Proxies of other meshes">
        <Loaded query={targets} what="the targets">{({ items }) => <TargetsForm items={items} />}</Loaded>
      </Card>
      <Loaded query={statuses} what="the last scrapes">{({ items }) => (items.length === 0 ? null : <LastScrapes items={items} />)}</Loaded>
    </div>
  )
}

function LastScrapes({ items }: { items: readonly ScrapeStatus[] }) {
  return (
    <Card flush title="Last scrapes">
      <Table label="Last scrapes">
        <thead><tr><Th>Target</Th><Th>State</Th><Th>When</Th><Th right>Series</Th><Th right>Edges</Th><Th>Says</Th></tr></thead>
        <tbody>
          {items.map(({ name, state, scrapedAt, series, edges, refused, error }) => (
            <tr key={name}>
              <Td><span className="font-medium">{name}</span></Td>
              <Td>{STATES[state]}</Td>
              <Td>{scrapedAt === null ? '–' : <RelativeTime at={scrapedAt} />}</Td>
              <Td right>{formatCount(series)}</Td>
              <Td right>{formatCount(edges)}</Td>
              <Td>{error ?? Object.entries(refused).map(([why, count]) => `${formatCount(count)} samples count nothing: ${REFUSED_SAMPLES[why as RefusedSample] ?? why}`).join('; ')}</Td>{/* a reason that is newer than this page stands as it is */}
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  )
}

/** What the form does not show of a target stays as it is. */
interface Line {
  name: string
  url: string
  workload: string
  rest: Partial<ScrapeTarget>
}

function TargetsForm({ items }: { items: readonly ScrapeTarget[] }) {
  const client = useQueryClient()
  const why = useWhyNot('admin')
  const [lines, setLines] = useState<Line[]>(() => items.map(lineOf))
  const save = useMutation({
    mutationFn: () => call<Stored>('/scrape-targets', { method: 'PUT', body: { items: lines.map(targetOf) } }),
    onSuccess: ({ body }) => {
      client.setQueryData(asks.scrapeTargets().key, body)
      void client.invalidateQueries({ queryKey: asks.scrapeStatus().key })
    },
  })
  const change = (at: number, part: Partial<Line>) => setLines(lines.map((line, index) => (index === at ? { ...line, ...part } : line)))
  return (
    <form className="grid gap-3" onSubmit={(event) => { event.preventDefault(); save.mutate() }}>
      <p className="m-0 text-muted">Calls that sidecars of Istio or Linkerd count for Prometheus become edges of the graph. An address inside a private network has to be in <code>HEDDLE_FETCH_ALLOW</code>.</p>
      {lines.length === 0 && <p className="m-0 text-muted">Nothing is scraped.</p>}
      {lines.map((line, at) => (
        <div key={at} className="flex flex-wrap items-end gap-2">
          <Field label="Name" labelHidden={at > 0} value={line.name} onChange={(name) => change(at, { name })} isDisabled={why !== null} placeholder="web" className="w-36" mono />
          <Field label="URL" labelHidden={at > 0} value={line.url} onChange={(url) => change(at, { url })} isDisabled={why !== null} placeholder="http://10.42.0.11:4191/metrics" className="min-w-56 flex-1" mono />
          <Field label="Workload, of Linkerd" labelHidden={at > 0} value={line.workload} onChange={(workload) => change(at, { workload })} isDisabled={why !== null} placeholder="emojivoto/web" className="w-48" mono />
          {why === null && <IconButton label={`Remove ${line.name || 'this target'}`} onPress={() => setLines(lines.toSpliced(at, 1))}><Icon name="trash" size={14} /></IconButton>}
        </div>
      ))}
      {save.error && <Notice state="bad">{save.error.message}</Notice>}
      {save.isSuccess && <Notice state="ok">Saved. The first scrape counts nothing; what grows until the second is in the graph.</Notice>}
      <div className="flex gap-2">
        <Button type="submit" look="primary" why={why} isPending={save.isPending}>Save</Button>
        <Button look="quiet" why={why} onPress={() => setLines([...lines, { name: '', url: '', workload: '', rest: {} }])}>Add a target</Button>
      </div>
    </form>
  )
}

function lineOf({ name, url, workload, ...rest }: ScrapeTarget): Line {
  return { name, url, workload: workload ? `${workload.namespace}/${workload.name}` : '', rest: { ...rest, workload } }
}

function targetOf({ name, url, workload, rest }: Line): Partial<ScrapeTarget> {
  const [namespace = '', agent = ''] = workload.trim().split('/')
  const version = rest.workload?.version ?? ''
  return { ...rest, name, url: url.trim(), workload: workload.trim() === '' ? undefined : { namespace, name: agent, version } }
}
