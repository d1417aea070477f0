'use client'
import type { AgentDetail } from '#server/contracts/overview.ts'
import { messageOf } from '#server/contracts/errors.ts'
import { Dashboard } from '#components/dashboard/Dashboard.tsx'
import { useDashboardParams } from '#components/dashboard/use-dashboard.ts'
import { EvidenceTable } from '#components/graph/EvidenceTable.tsx'
import { markOf } from '#components/graph/figures.ts'
import { useLiveQuery } from '#components/live.tsx'
import { paths, withQuery } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { rangeQuery } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { NOTHING } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { AgentCalls } from './AgentCalls.tsx'
import { Capabilities } from './Capabilities.tsx'
import { Instances } from './Instances.tsx'
import { LevelCard } from './LevelCard.tsx'
import { ReachCard } from './ReachCard.tsx'
import { VersionsCard } from './VersionsCard.tsx'
import { describeType } from './words.ts'

const REFRESH_MS = 5000

/** One agent: what it does, where it runs, who calls it, who it is, and how far it has come. */
export function AgentPage({ initial, path }: { initial: AgentDetail; path: string }) {
  const { range, paused } = useTimeRange()
  const [{ side }] = useDashboardParams()
  const query = useLiveQuery({ key: [path, range], read: () => readJson<AgentDetail>(withQuery(path, rangeQuery(range))), initial, topics: ['agents'], paused, everyMs: REFRESH_MS })
  const agent = query.data ?? initial
  const seconds = Math.max(1, (Date.parse(agent.to) - Date.parse(agent.from)) / 1000)
  const namespace = agent.namespace ?? ''
  return (
    <Page
      title={agent.name}
      crumbs={[{ href: paths.agents(), label: 'Agents' }, { href: paths.agents({ q: `${namespace}/` }), label: namespace }]}
      tags={<><Tag state={markOf(agent.health)}>{agent.health}</Tag><Tag>{describeType({ ...agent, versions: [] })}</Tag>{!agent.registered && <Tag>seen in telemetry alone</Tag>}</>}
      actions={<><ButtonLink href={paths.traces({ service: agent.name })}>Traces</ButtonLink><ButtonLink href={paths.graph({ select: agent.id })}>Show in the graph</ButtonLink></>}
      command={`npx heddle get agent ${agent.name}${namespace === 'default' ? '' : ` -n ${namespace}`} -o yaml`}
    >
      {query.error && <div className="mb-4"><Notice state="warn">{messageOf(query.error)} What is shown is what was last read.</Notice></div>}
      {agent.items.flatMap((instance) => instance.warnings.map((warning) => <div key={`${instance.id} ${warning}`} className="mb-3"><Notice state="warn">{instance.id}: {warning}</Notice></div>))}
      <div className="grid gap-4.5 lg:grid-cols-[minmax(0,1fr)_372px]">
        <div className="grid min-w-0 content-start gap-4.5">
          <Dashboard ends={side === 'made' ? { source: agent.id } : { target: agent.id }} sides />
          {agent.received.length > 0 && <VersionsCard agent={agent} />}
          <Instances items={agent.items} level={agent.level} />
          <AgentCalls agent={agent} seconds={seconds} />
          {agent.registered && <ReachCard namespace={namespace} name={agent.name} />}
          <Capabilities agent={agent} />
        </div>
        <div className="grid min-w-0 content-start gap-4.5">
          <LevelCard agent={agent} />
          <Card title="Identity and rules">
            {agent.spiffeId ? <Copyable text={agent.spiffeId} block code label="the SPIFFE id" /> : <p className="m-0 text-base text-muted">It has no identity: no sidecar of it has enrolled.</p>}
            <div className="mt-3">
              <KeyValue
                rows={[
                  ['mTLS', agent.mtls ?? NOTHING],
                  ['Routes', agent.routes.length === 0 ? 'none: by ready instances' : <Names items={agent.routes.map((route) => ({ href: paths.route(route.namespace, route.name), name: route.name }))} />],
                  ['Policies that select it', agent.policies.length === 0 ? 'none: its trust domain may call it' : <Names items={agent.policies.map((policy) => ({ href: paths.policy('access', policy.namespace, policy.name), name: `${policy.name} (${policy.action})` }))} />],
                  agent.owner !== '' && ['Owner', agent.owner],
                ]}
              />
            </div>
          </Card>
          <Card><EvidenceTable edges={agent.callers} seconds={seconds} /></Card>
        </div>
      </div>
    </Page>
  )
}

function Names({ items }: { items: readonly { href: string; name: string }[] }) {
  return <span className="grid justify-items-end">{items.map((item) => <Link key={item.href} href={item.href} className="max-w-[190px] truncate">{item.name}</Link>)}</span>
}
