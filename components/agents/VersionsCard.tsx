'use client'
import type { AgentDetail } from '#server/contracts/overview.ts'
import type { HTTPRoute } from '#server/contracts/http-route.ts'
import { inSeriesOrder, shareOf, StrandBar } from '#components/graph/StrandBar.tsx'
import { wantedShares } from '#components/graph/wanted.ts'
import { useLiveQuery } from '#components/live.tsx'
import { SeriesMark } from '#components/mesh/SeriesMark.tsx'
import { paths } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { formatCount, formatShare, NOTHING } from '#components/ui/format.ts'
import { Table, Td, Th } from '#components/ui/Table.tsx'

/** What each version should get and gets. */
export function VersionsCard({ agent }: { agent: AgentDetail }) {
  const routes = useLiveQuery({ key: ['httproutes'], read: () => readJson<{ items: HTTPRoute[] }>('/api/v1/httproutes?limit=1000'), topics: ['revisions'] })
  const wanted = wantedShares(routes.data?.items ?? [], agent.namespace ?? '', agent.name)
  const versions = inSeriesOrder(agent.received)
  return (
    <Card
      title="Versions"
      actions={wanted ? <ButtonLink small href={paths.route(wanted.route.metadata.namespace, wanted.route.metadata.name)}>Change split</ButtonLink> : versions.length > 1 && <ButtonLink small href={paths.newRoute({ agent: agent.name, namespace: agent.namespace ?? undefined })}>Split it</ButtonLink>}
    >
      <StrandBar versions={versions} />
      <Table label="Versions" className="-mx-2.5 mt-1">
        <thead>
          <tr><Th>Version</Th><Th right>Wanted</Th><Th right>Measured</Th><Th right>Requests</Th><Th right>Errors</Th><Th right>Instances ready</Th></tr>
        </thead>
        <tbody>
          {versions.map((version, index) => {
            const instances = agent.items.filter((instance) => instance.version === version.version)
            return (
              <tr key={version.version}>
                <Td><span className="flex items-center gap-2"><SeriesMark index={index} />{version.version || 'unknown'}</span></Td>
                <Td right>{formatShare(wanted?.shares.get(version.version) ?? null)}</Td>
                <Td right>{formatShare(shareOf(versions, version))}</Td>
                <Td right>{formatCount(version.requests)}</Td>
                <Td right>{version.requests > 0 ? formatShare(version.errors / version.requests) : NOTHING}</Td>
                <Td right>{instances.length === 0 ? 'none' : `${instances.filter((instance) => instance.state === 'ready').length} of ${instances.length}`}</Td>
              </tr>
            )
          })}
        </tbody>
      </Table>
    </Card>
  )
}
