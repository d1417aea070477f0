'use client'
import type { HTTPRoute } from '#server/contracts/http-route.ts'
import { useLiveQuery } from '#components/live.tsx'
import { paths } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { SeriesMark } from '#components/mesh/SeriesMark.tsx'
import { ButtonLink } from '#components/ui/Button.tsx'
import { formatCount, formatMs, formatRate, formatShare, NOTHING } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Panel } from '#components/ui/Panel.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { AgentSeries } from '#components/agents/AgentSeries.tsx'
import { AgentIdentity } from './AgentIdentity.tsx'
import { EvidenceTable } from './EvidenceTable.tsx'
import { kindWord, markOf, type EdgeView, type NodeView } from './figures.ts'
import { inSeriesOrder, shareOf, StrandBar } from './StrandBar.tsx'
import { wantedShares } from './wanted.ts'

/** One agent of the graph: what it does in the window, its versions, who calls it, its identity, and where the figures come from. */
export function NodePanel({ node, seconds, nameOf, onSelect, onClose }: { node: NodeView; seconds: number; nameOf: (id: string) => string; onSelect: (id: string) => void; onClose: () => void }) {
  const inMesh = node.namespace !== null && ['agent', 'tool', 'model', 'gateway'].includes(node.kind)
  const { received } = node
  return (
    <Panel
      title={node.name}
      tags={<Tag state={markOf(node.health)}>{node.health}</Tag>}
      actions={inMesh && <ButtonLink small look="quiet" href={paths.agent(node.namespace ?? '', node.name)}>Open</ButtonLink>}
      onClose={onClose}
    >
      <div className="mb-3 flex flex-wrap gap-1.5">
        <Tag>{kindWord(node.kind)}</Tag>
        {node.namespace && <Tag>{node.namespace}</Tag>}
        {Object.entries(node.labels).slice(0, 6).map(([name, value]) => <Tag key={name}>{name}: {value}</Tag>)}
      </div>
      <KeyValue
        rows={[
          ['Requests', received.requests === 0 ? 'none' : formatRate(received.perSecond)],
          ['Errors', received.requests === 0 ? NOTHING : `${formatCount(received.errors)} of ${formatCount(received.requests)}`],
          received.refused > 0 && ['Refused (4xx)', formatCount(received.refused)],
          ['Latency p50, p95, p99', received.p95 === null ? NOTHING : [received.p50, received.p95, received.p99].map(formatMs).join(', ')],
        ]}
      />
      {received.requests > 0 && <div className="mt-4"><AgentSeries id={node.id} /></div>}
      {node.versions.length > 0 && inMesh && <Versions node={node} />}
      <Calls title="Who calls it" edges={node.callers} nameOf={(edge) => nameOf(edge.source)} onSelect={onSelect} none="Nobody called it in this time." />
      <Calls title="What it calls" edges={node.callees} nameOf={(edge) => nameOf(edge.target)} onSelect={onSelect} none="It called nobody in this time." />
      <div className="mt-5"><EvidenceTable edges={node.callers} seconds={seconds} /></div>
      {inMesh && <AgentIdentity namespace={node.namespace ?? ''} name={node.name} />}
    </Panel>
  )
}

function Versions({ node }: { node: NodeView }) {
  const routes = useLiveQuery({ key: ['httproutes'], read: () => readJson<{ items: HTTPRoute[] }>('/api/v1/httproutes?limit=1000'), topics: ['revisions'] })
  const wanted = wantedShares(routes.data?.items ?? [], node.namespace ?? '', node.name)
  const versions = inSeriesOrder(node.versions)
  return (
    <section className="mt-5">
      <header className="mb-2 flex items-center gap-2">
        <h3 className="m-0 text-md font-medium">Versions</h3>
        <span className="ml-auto" />
        {wanted && <ButtonLink small href={paths.route(wanted.route.metadata.namespace, wanted.route.metadata.name)}>Change split</ButtonLink>}
        {!wanted && routes.data && versions.length > 1 && <ButtonLink small href={paths.newRoute({ agent: node.name, namespace: node.namespace ?? undefined })}>Split it</ButtonLink>}
      </header>
      <StrandBar versions={versions} />
      <Table label="Versions" className="-mx-2.5 mt-1">
        <thead>
          <tr><Th>Version</Th><Th right>Wanted</Th><Th right>Measured</Th><Th right>Errors</Th></tr>
        </thead>
        <tbody>
          {versions.map((version, index) => (
            <tr key={version.version}>
              <Td><span className="flex items-center gap-2"><SeriesMark index={index} />{version.version || 'unknown'}</span></Td>
              <Td right>{formatShare(wanted?.shares.get(version.version) ?? null)}</Td>
              <Td right>{formatShare(shareOf(versions, version))}</Td>
              <Td right>{version.requests > 0 ? formatShare(version.errors / version.requests) : NOTHING}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  )
}

function Calls({ title, edges, nameOf, onSelect, none }: { title: string; edges: readonly EdgeView[]; nameOf: (edge: EdgeView) => string; onSelect: (id: string) => void; none: string }) {
  return (
    <section className="mt-5">
      <h3 className="m-0 mb-1 text-md font-medium">{title}</h3>
      {edges.length === 0 && <p className="m-0 text-base text-muted">{none}</p>}
      <ul className="m-0 list-none p-0">
        {edges.toSorted((a, b) => b.requests - a.requests).slice(0, 20).map((edge) => (
          <li key={edge.id} className="flex justify-between gap-3 py-0.5 text-base">
            <button type="button" onClick={() => onSelect(edge.id)} className="min-w-0 truncate rounded-sm text-left hover:underline">{nameOf(edge)}</button>
            <span className="flex-none tabular-nums">
              {edge.figures.errors > 0 && <span className={edge.health === 'failing' ? 'mr-3 text-bad' : edge.health === 'degraded' ? 'mr-3 text-warn' : 'mr-3 text-muted'}>{formatShare(edge.figures.errorShare)}</span>}
              {formatRate(edge.figures.perSecond)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
