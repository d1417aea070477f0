'use client'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import type { Proxy } from '#server/contracts/status.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths } from '#components/paths.ts'
import { reading, type List } from './call.ts'
import { Loaded } from './Loaded.tsx'
import { TOPICS } from './topics.ts'
import { PROXY_MARKS, PROXY_WORDS, TYPE_MARKS, describeType } from './xds-types.ts'

const STATES = ['all', 'rejected', 'pending', 'disconnected', 'synced'] as const
const ORDER: Record<Proxy['state'], number> = { rejected: 0, pending: 1, disconnected: 2, synced: 3 }

const COLUMNS: readonly Column<Proxy>[] = [
  { id: 'proxy', header: 'Proxy', sortBy: (proxy) => proxy.id, cell: (proxy) => <Link href={paths.proxy(proxy.id)} className="font-medium no-underline hover:underline">{proxy.id}</Link> },
  { id: 'agent', header: 'Agent', sortBy: (proxy) => `${proxy.namespace}/${proxy.agent}`, cell: (proxy) => <><Link href={paths.agent(proxy.namespace, proxy.agent)} className="no-underline hover:underline">{proxy.agent}</Link> <span className="text-muted">{proxy.version}</span></> },
  { id: 'state', header: 'State', sortBy: (proxy) => ORDER[proxy.state], cell: (proxy) => <Tag state={PROXY_MARKS[proxy.state]}>{PROXY_WORDS[proxy.state]}</Tag> },
  { id: 'types', header: 'By type', wrap: true, cell: (proxy) => <Types proxy={proxy} /> },
  { id: 'seen', header: 'Heard from', muted: true, sortBy: (proxy) => proxy.lastSeen, cell: (proxy) => <Seen proxy={proxy} /> },
  { id: 'control', header: 'Control', muted: true, cell: (proxy) => proxy.control ?? '–' },
  { id: 'build', header: 'Envoy', muted: true, sortBy: (proxy) => proxy.build, cell: (proxy) => proxy.build },
]

/** Every proxy and whether it holds what it was sent. */
export function ProxyList() {
  const [view, setView] = useQueryStates({ q: parseAsString.withDefault(''), state: parseAsStringLiteral(STATES).withDefault('all') }, { history: 'replace' })
  const query = useLiveQuery<List<Proxy>>({ ...reading<List<Proxy>>(asks.proxies()), topics: TOPICS.proxies, everyMs: 5000 })
  const items = query.data?.items ?? []
  const count = (state: (typeof STATES)[number]) => (state === 'all' ? items.length : items.filter((proxy) => proxy.state === state).length)
  return (
    <Card flush title="Proxies" note={query.data && plural(items.length, 'proxy', 'proxies')} actions={
      <span className="flex min-w-0 flex-wrap items-center gap-2">
        <Segmented label="State" value={view.state} onChange={(state) => void setView({ state: state === 'all' ? null : state })} options={STATES.map((state) => ({ id: state, title: `${state === 'all' ? 'All' : PROXY_WORDS[state]} ${count(state)}` }))} />
        <span data-find><Field label="Find a proxy" labelHidden placeholder="Find by proxy or agent" value={view.q} onChange={(q) => void setView({ q: q || null })} className="w-52" /></span>
      </span>}>
      <Loaded query={query} what="the proxies">
        {() => {
          const found = items.filter((proxy) => (view.state === 'all' || proxy.state === view.state) && `${proxy.id} ${proxy.namespace}/${proxy.agent} ${proxy.version}`.toLowerCase().includes(view.q.trim().toLowerCase()))
          return (
            <>
              <DataTable label="Proxies" columns={COLUMNS} rows={found} rowKey={(proxy) => proxy.id} firstSort={{ column: 'state', descending: false }}
                empty={items.length === 0
                  ? <EmptyState kind="no-data" title="No proxy yet" action={<ButtonLink href={paths.connect({ way: 'sidecar' })}>Put a sidecar beside an agent</ButtonLink>}>A proxy appears here when its sidecar has enrolled.</EmptyState>
                  : <EmptyState kind="filtered" title={`None of ${plural(items.length, 'proxy', 'proxies')} is like that`} action={<Button onPress={() => void setView({ q: null, state: null })}>Show all</Button>} />} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

function Types({ proxy }: { proxy: Proxy }) {
  const types = Object.entries(proxy.types).filter(([, type]) => type.state !== 'unsubscribed')
  const reasons = types.flatMap(([typeUrl, type]) => (type.state === 'rejected' && type.reason ? [{ typeUrl, reason: type.reason }] : []))
  if (types.length === 0) return <span className="text-faint">nothing asked for yet</span>
  return (
    <span className="grid min-w-[420px] gap-1">
      <span className="flex flex-wrap gap-x-3 gap-y-1">
        {types.map(([typeUrl, type]) => (
          <span key={typeUrl} className="flex items-center gap-1.5 whitespace-nowrap" title={`sent ${type.sent}, acknowledged ${type.acked}`}>
            <StateMark state={proxy.state === 'disconnected' ? 'idle' : TYPE_MARKS[type.state]} label={type.state} />{describeType(typeUrl)}{type.state === 'pending' && <span className="tabular-nums text-muted">{type.acked} of {type.sent}</span>}
          </span>
        ))}
      </span>
      {types.map(([typeUrl, type]) => type.state !== 'rejected' && type.reason && <span key={typeUrl} className="block max-w-[60ch] break-words text-xs text-muted">{describeType(typeUrl)}: {type.reason}</span>)}
      {reasons.map(({ typeUrl, reason }) => <q key={typeUrl} className="block max-w-[60ch] break-words rounded-md bg-bad-soft px-2 py-1 font-mono text-xs text-bad before:content-none after:content-none">{reason}</q>)}
    </span>
  )
}

function Seen({ proxy }: { proxy: Proxy }) {
  return proxy.state === 'disconnected' ? <>disconnected since <RelativeTime at={proxy.lastSeen} /></> : <RelativeTime at={proxy.lastSeen} />
}
