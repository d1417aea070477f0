'use client'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import type { Proxy } from '#server/contracts/status.ts'
import { answer, api } from '#components/api.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { formatCount } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { StateMark, type MarkState } from '#components/ui/StateMark.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths } from '#components/paths.ts'
import { reading } from './call.ts'
import { Loaded } from './Loaded.tsx'
import { PastRefusals } from './PastRefusals.tsx'
import { ProxyLive } from './ProxyLive.tsx'
import { TOPICS } from './topics.ts'
import { PROXY_MARKS, PROXY_WORDS, TYPE_MARKS, describeType } from './xds-types.ts'

const read = (id: string) => answer(api.proxies[':id'].resources.$get({ param: { id }, query: {} }))
type Resource = Awaited<ReturnType<typeof read>>['items'][number]

const MARKS: Record<Resource['state'], { mark: MarkState; words: string }> = { synced: { mark: 'ok', words: 'Taken' }, pending: { mark: 'warn', words: 'On its way' }, rejected: { mark: 'bad', words: 'Refused' }, removed: { mark: 'idle', words: 'Removed' } }
const SHOWN_MAX = 300

/** One proxy: what it was sent, what it took, what it refused and in which words. */
export function ProxyPage({ id }: { id: string }) {
  const proxy = useLiveQuery<Proxy>({ ...reading<Proxy>(asks.proxy(id)), topics: TOPICS.proxies, everyMs: 3000 })
  return (
    <Page title={id} crumbs={[{ href: paths.proxies(), label: 'Proxies' }]} tags={proxy.data && <Tag state={PROXY_MARKS[proxy.data.state]}>{PROXY_WORDS[proxy.data.state]}</Tag>} command={`npx heddle proxies ${id}`}>
      <Loaded query={proxy} what={`the proxy ${id}`}>
        {(found) => (
          <div className="grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_348px]">
            <div className="grid gap-[18px]">
              <Resources id={id} />
              <ProxyLive id={id} isAway={found.state === 'disconnected'} />
            </div>
            <div className="grid gap-[18px]">
              {found.state === 'disconnected' && <Notice state="warn">No word from it since <RelativeTime at={found.lastSeen} />. What it holds keeps serving, as long as its certificate lives.</Notice>}
              <About proxy={found} />
              <Types proxy={found} />
              <PastRefusals id={id} />
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  )
}

function About({ proxy }: { proxy: Proxy }) {
  return (
    <Card title="About">
      <KeyValue rows={[
        ['Agent', <span key="agent"><Link href={paths.agent(proxy.namespace, proxy.agent)}>{proxy.agent}</Link> {proxy.version}</span>],
        ['Heard from', <RelativeTime key="seen" at={proxy.lastSeen} />],
        proxy.connectedAt !== null && proxy.state !== 'disconnected' && ['Connected', <RelativeTime key="since" at={proxy.connectedAt} />],
        ['Control', proxy.control ?? '–'],
        ['Envoy', proxy.build || '–'],
      ]} />
      <div className="mt-3 grid gap-1 text-sm text-muted">
        Identity<Copyable text={proxy.spiffeId} label="the SPIFFE id" />
        {proxy.outboundUrl && <>Way out, on its own machine<Copyable text={proxy.outboundUrl} label="the outbound address" /></>}
      </div>
    </Card>
  )
}

function Types({ proxy }: { proxy: Proxy }) {
  return (
    <Card flush title="By type">
      <Table label="State by type">
        <thead><tr><Th>Type</Th><Th right>Sent</Th><Th right>Taken</Th><Th>State</Th><Th>Since</Th></tr></thead>
        <tbody>
          {Object.entries(proxy.types).map(([typeUrl, type]) => (
            <tr key={typeUrl}>
              <Td><span title={typeUrl}>{describeType(typeUrl)}</span></Td>
              <Td right>{formatCount(type.sent)}</Td>
              <Td right>{formatCount(type.acked)}</Td>
              <Td><span className="flex items-center gap-1.5"><StateMark state={TYPE_MARKS[type.state]} />{type.state === 'unsubscribed' ? 'not asked for' : type.state}</span></Td>
              <Td muted>{type.changedAt && <RelativeTime at={type.changedAt} />}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  )
}

const FILTERS = { q: parseAsString.withDefault(''), show: parseAsStringLiteral(['all', 'rejected', 'pending', 'synced']).withDefault('all') }

function Resources({ id }: { id: string }) {
  const [view, setView] = useQueryStates(FILTERS, { history: 'replace' })
  const query = useLiveQuery({ key: asks.proxyResources(id).key, read: () => read(id), topics: TOPICS.proxies, everyMs: 5000 })
  const items = query.data?.items ?? []
  const count = (state: Resource['state']) => items.filter((resource) => resource.state === state).length
  return (
    <Card flush title="Resources" note={query.data && `${formatCount(items.length)}, refused ones first`} actions={
      <span className="flex min-w-0 flex-wrap items-center gap-2">
        <Segmented label="State" value={view.show} onChange={(show) => void setView({ show: show === 'all' ? null : show })} options={[{ id: 'all', title: `All ${items.length}` }, { id: 'rejected', title: `Refused ${count('rejected')}` }, { id: 'pending', title: `On the way ${count('pending')}` }, { id: 'synced', title: `Taken ${count('synced')}` }]} />
        <span data-find><Field label="Find a resource" labelHidden placeholder="Find by name" value={view.q} onChange={(q) => void setView({ q: q || null })} className="w-44" /></span>
      </span>}>
      <Loaded query={query} what="its resources">
        {() => {
          const found = items.filter((resource) => (view.show === 'all' || resource.state === view.show) && resource.name.toLowerCase().includes(view.q.trim().toLowerCase()))
          if (items.length === 0) return <EmptyState kind="no-data" title="Nothing was sent to it yet">A proxy asks for its configuration when it connects.</EmptyState>
          if (found.length === 0) return <EmptyState kind="filtered" title="No resource is like that" action={<Button onPress={() => void setView({ q: null, show: null })}>Show all</Button>} />
          return (
            <>
              <Table label="Resources" className="max-h-[60dvh] overflow-y-auto">
                <thead><tr><Th>Resource</Th><Th>Type</Th><Th>State</Th><Th>Sent</Th><Th>Taken</Th><Th>Since</Th></tr></thead>
                <tbody>{found.slice(0, SHOWN_MAX).map((resource) => <ResourceRow key={`${resource.typeUrl} ${resource.name}`} resource={resource} />)}</tbody>
              </Table>
              {found.length > SHOWN_MAX && <p className="m-0 px-2.5 py-2 text-muted">The first {SHOWN_MAX} of {formatCount(found.length)}; find the others by name.</p>}
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

function ResourceRow({ resource }: { resource: Resource }) {
  const { mark, words } = MARKS[resource.state]
  return (
    <tr className="hover:bg-ground">
      <Td wrap>
        <span className="break-all font-medium">{resource.name}</span>
        {resource.state !== 'rejected' && resource.reason && <span className="mt-1 block max-w-[64ch] break-words text-xs text-muted">{resource.reason}</span>}
        {resource.state === 'rejected' && resource.reason && <q className="mt-1 block max-w-[64ch] break-words rounded-md bg-bad-soft px-2 py-1 font-mono text-xs text-bad before:content-none after:content-none">{resource.reason}</q>}
      </Td>
      <Td muted>{describeType(resource.typeUrl)}</Td>
      <Td><span className="flex items-center gap-1.5"><StateMark state={mark} />{words}</span></Td>
      <Td><Version hash={resource.sent} /></Td>
      <Td><Version hash={resource.acked} /></Td>
      <Td muted><RelativeTime at={resource.changedAt} /></Td>
    </tr>
  )
}

/** A version is the hash of the resource; its beginning tells two apart. */
function Version({ hash }: { hash: string | null }) {
  return hash === null ? <span className="text-faint">–</span> : <code title={hash} className="text-xs">{hash.slice(0, 8)}</code>
}
