'use client'
import { parseAsString, useQueryStates } from 'nuqs'
import type { RegistryEntry } from '#server/contracts/registry.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { paths } from '#components/paths.ts'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { NOTHING, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { StateMark, type MarkState } from '#components/ui/StateMark.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { describeHealth } from '#components/probes/words.ts'

const SHOWN = 4

const MARKS: Record<RegistryEntry['state'], MarkState> = { present: 'ok', gone: 'idle', never: 'idle' }
const SOURCES: Record<NonNullable<RegistryEntry['source']>, string> = { sidecar: 'its sidecar', static: 'a listed address', a2a: 'its card', mcp: 'its tools' }

const COLUMNS: readonly Column<RegistryEntry>[] = [
  { id: 'agent', header: 'Agent', sortBy: (entry) => entry.name, cell: (entry) => <span className="flex items-center gap-2.5"><StateMark state={MARKS[entry.state]} label={entry.state} /><Link href={paths.registered(entry.namespace, entry.name)} className="font-medium no-underline hover:underline">{entry.name}</Link></span> },
  { id: 'can', header: 'Can', wrap: true, cell: (entry) => <span className="flex min-w-48 flex-wrap gap-1">{entry.capabilities.slice(0, SHOWN).map((one) => <Tag key={one.id} title={one.description}>{one.id}</Tag>)}{entry.capabilities.length > SHOWN && <span className="text-sm text-muted">and {entry.capabilities.length - SHOWN} more</span>}{entry.capabilities.length === 0 && NOTHING}</span> },
  { id: 'known', header: 'Known by', muted: true, sortBy: (entry) => entry.source, cell: (entry) => (entry.source ? SOURCES[entry.source] : NOTHING) },
  { id: 'health', header: 'Health', cell: (entry) => describeHealth(entry.health) },
  { id: 'card', header: 'Card', cell: (entry) => <CardCell entry={entry} /> },
  { id: 'owner', header: 'Owner', muted: true, sortBy: (entry) => entry.owner, cell: (entry) => entry.owner || NOTHING },
  { id: 'seen', header: 'Last seen', muted: true, sortBy: (entry) => entry.lastSeen, cell: (entry) => (entry.state === 'present' ? 'now' : entry.lastSeen ? <RelativeTime at={entry.lastSeen} /> : 'never') },
]
const LIKENESS: Column<RegistryEntry> = { id: 'likeness', header: 'Likeness', right: true, cell: (entry) => entry.likeness?.toFixed(2) ?? NOTHING }

/** Everybody, by name or by what is wanted. */
export function Registry() {
  const [{ q, means }, setAsked] = useQueryStates({ q: parseAsString.withDefault(''), means: parseAsString.withDefault('') }, { history: 'replace', throttleMs: 400 })
  const query = useLiveQuery<List<RegistryEntry>>({ ...reading<List<RegistryEntry>>(asks.registry({ q, means })), topics: TOPICS.revisions, everyMs: 5000 })
  return (
    <>
      <div data-find className="mb-3.5 flex flex-wrap gap-2">
        <Field label="Find by name or description" labelHidden placeholder="Find by name or description" type="search" value={q} onChange={(text) => void setAsked({ q: text || null })} className="w-full md:w-[280px]" />
        <Field label="Ask who can do it" labelHidden placeholder="Who can translate contracts?" type="search" value={means} onChange={(text) => void setAsked({ means: text || null })} className="w-full md:w-[340px]" />
      </div>
      <Card flush title="Agents" note={query.data && plural(query.data.items.length, 'agent')}>
        <Loaded query={query} what="the registry">
          {({ items }) => (
            <DataTable label="Registry" columns={means ? [...COLUMNS, LIKENESS] : COLUMNS} rows={items} rowKey={(entry) => `${entry.namespace}/${entry.name}`}
              empty={q ? <EmptyState kind="filtered" title="No agent is called so" /> : <EmptyState kind="no-data" title="No agent is registered">One appears when its sidecar joins, or when an Agent with a discovery source is applied.</EmptyState>} />
          )}
        </Loaded>
      </Card>
    </>
  )
}

/** Its newest card; and, of a card that is asked for by us, why it could not be had, or not in full. */
function CardCell({ entry: { card, discovery } }: { entry: RegistryEntry }) {
  if (!card && !discovery?.reason) return NOTHING
  return (
    <span className="flex flex-wrap gap-1">
      {card && <Tag tone={card.signature.state === 'verified' ? 'ok' : card.signature.state === 'unverified' ? 'warn' : 'plain'} title={card.signature.reason}>{card.form}{card.signature.state === 'none' ? '' : `, signature ${card.signature.state}`}</Tag>}
      {discovery?.reason && <Tag tone="warn" title={discovery.reason}>{discovery.state === 'present' ? 'not in full' : discovery.state}</Tag>}
    </span>
  )
}
