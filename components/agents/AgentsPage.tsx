'use client'
import { parseAsString, useQueryStates } from 'nuqs'
import type { AgentSummary } from '#server/contracts/overview.ts'
import { messageOf } from '#server/contracts/errors.ts'
import { markOf } from '#components/graph/figures.ts'
import { useLiveQuery } from '#components/live.tsx'
import { paths, withQuery } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { rangeQuery } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { formatMs, formatRate, formatShare, NOTHING, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Select } from '#components/ui/Select.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { DataTable, type Column, type Sort } from '#components/ui/Table.tsx'
import { LevelBadge } from './LevelBadge.tsx'
import { describeProtocol, describeType, LEVELS } from './words.ts'

export interface AgentList {
  from: string
  to: string
  items: AgentSummary[]
}

const REFRESH_MS = 5000
/** Rows beyond this wait for a narrower search; the count says so. */
const ROWS_MAX = 300
const KINDS = ['agent', 'tool', 'model', 'gateway', 'unknown'] as const
const STATES = ['failing', 'degraded', 'healthy', 'idle', 'unknown'] as const

const COLUMNS: readonly Column<AgentSummary>[] = [
  {
    id: 'name',
    header: 'Agent',
    sortBy: (agent) => agent.name,
    cell: (agent) => (
      <span className="flex items-center gap-2.5">
        <StateMark state={markOf(agent.health)} label={agent.health} />
        <Link href={agent.namespace === null ? paths.graph({ select: agent.id }) : paths.agent(agent.namespace, agent.name)} className="max-w-[260px] truncate font-medium no-underline hover:underline">{agent.name}</Link>
      </span>
    ),
  },
  { id: 'namespace', header: 'Namespace', muted: true, sortBy: (agent) => agent.namespace, cell: (agent) => agent.namespace ?? NOTHING },
  { id: 'kind', header: 'Kind', muted: true, sortBy: (agent) => agent.type, cell: (agent) => describeType({ ...agent, versions: [], protocol: null }) },
  { id: 'protocol', header: 'Protocol', muted: true, sortBy: (agent) => agent.protocol, cell: (agent) => describeProtocol(agent.protocol) },
  { id: 'versions', header: 'Versions', muted: true, cell: (agent) => <span className="block max-w-[140px] truncate">{agent.versions.join(', ') || NOTHING}</span> },
  { id: 'level', header: 'Level', sortBy: (agent) => LEVELS.findIndex((level) => level.id === agent.level), cell: (agent) => <LevelBadge level={agent.level} /> },
  { id: 'instances', header: 'Ready', right: true, sortBy: (agent) => agent.instances.of, cell: (agent) => (agent.instances.of === 0 ? NOTHING : `${agent.instances.ready} of ${agent.instances.of}`) },
  { id: 'requests', header: 'Requests', right: true, sortBy: (agent) => agent.perSecond, cell: (agent) => formatRate(agent.perSecond) },
  { id: 'errors', header: 'Errors', right: true, sortBy: (agent) => (agent.requests > 0 ? agent.errors / agent.requests : null), cell: (agent) => <span className={agent.health === 'failing' ? 'text-bad' : agent.health === 'degraded' ? 'text-warn' : undefined}>{formatShare(agent.requests > 0 ? agent.errors / agent.requests : null)}</span> },
  { id: 'p95', header: 'p95', right: true, sortBy: (agent) => agent.p95Ms, cell: (agent) => formatMs(agent.p95Ms) },
  { id: 'why', header: 'State', muted: true, cell: (agent) => <span className="block max-w-[220px] truncate" title={agent.why}>{agent.why}</span> },
]

export function AgentsPage({ initial }: { initial: AgentList }) {
  const { range, paused, says } = useTimeRange()
  const [filter, setFilter] = useQueryStates({ q: parseAsString.withDefault('').withOptions({ throttleMs: 250 }), kind: parseAsString, level: parseAsString, health: parseAsString, sort: parseAsString }, { history: 'replace' })
  const query = useLiveQuery({ key: ['agent-summaries', range], read: () => readJson<AgentList>(withQuery('/api/v1/agent-summaries', rangeQuery(range))), initial, topics: ['agents'], paused, everyMs: REFRESH_MS })
  const { items } = query.data ?? initial
  const found = items.filter((agent) => matches(agent, filter))
  const clear = () => void setFilter({ q: null, kind: null, level: null, health: null })
  return (
    <Page title="Agents" tags={<span className="text-sm text-muted">{items.length > 0 && `${plural(items.length, 'agent')}, ${says}`}</span>} actions={<ButtonLink href={paths.connect()}>Connect an agent</ButtonLink>} command="npx heddle get agents">
      {query.error && <div className="mb-4"><Notice state="warn">{messageOf(query.error)} What is shown is what was last read.</Notice></div>}
      <div data-find className="mb-3.5 flex flex-wrap gap-2">
        <Field label="Find an agent" labelHidden placeholder="Find by name, namespace, version or label" type="search" value={filter.q} onChange={(q) => void setFilter({ q: q || null })} className="w-full md:w-[320px]" />
        <Choice label="Any kind" options={KINDS.map((id) => ({ id, title: id === 'unknown' ? 'unknown peer' : id }))} value={filter.kind} onChange={(kind) => void setFilter({ kind })} />
        <Choice label="Any level" options={LEVELS.map(({ id, title }) => ({ id, title }))} value={filter.level} onChange={(level) => void setFilter({ level })} />
        <Choice label="Any state" options={STATES.map((id) => ({ id, title: id }))} value={filter.health} onChange={(health) => void setFilter({ health })} />
      </div>
      <Card flush>
        <DataTable
          label="Agents"
          columns={COLUMNS}
          rows={found.slice(0, ROWS_MAX)}
          rowKey={(agent) => agent.id}
          sort={parseSort(filter.sort)}
          onSort={(sort) => void setFilter({ sort: `${sort.descending ? '-' : ''}${sort.column}` })}
          empty={
            items.length === 0 ? (
              <EmptyState kind="no-data" title="No agent is connected" action={<ButtonLink look="primary" href={paths.connect()}>Connect an agent</ButtonLink>}>An agent appears with its first span, or when its sidecar enrols.</EmptyState>
            ) : (
              <EmptyState kind="filtered" title={`None of the ${items.length} agents matches`} action={<Button onPress={clear}>Show all</Button>} />
            )
          }
        />
        {found.length > ROWS_MAX && <p className="m-0 px-2.5 py-2 text-sm text-muted">The first {ROWS_MAX} of {found.length}. Type to find one.</p>}
      </Card>
    </Page>
  )
}

function Choice({ label, options, value, onChange }: { label: string; options: readonly { id: string; title: string }[]; value: string | null; onChange: (value: string | null) => void }) {
  return <Select label={label} labelHidden options={[{ id: '', title: label }, ...options]} value={value ?? ''} onChange={(id) => onChange(id || null)} />
}

function matches(agent: AgentSummary, { q, kind, level, health }: { q: string; kind: string | null; level: string | null; health: string | null }): boolean {
  const text = `${agent.namespace ?? ''}/${agent.name} ${agent.versions.join(' ')} ${Object.entries(agent.labels).map(([name, value]) => `${name}=${value}`).join(' ')}`.toLowerCase()
  return q.toLowerCase().split(/\s+/).every((word) => text.includes(word)) && (!kind || agent.type === kind) && (!level || agent.level === level) && (!health || agent.health === health)
}

/** `-errors` is by errors, most first; nothing is the API's order, worst first. */
function parseSort(value: string | null): Sort | null {
  if (!value) return null
  return value.startsWith('-') ? { column: value.slice(1), descending: true } : { column: value, descending: false }
}
