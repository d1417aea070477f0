'use client'
import type { AgentSummary } from '#server/contracts/overview.ts'
import { describeType } from '#components/agents/words.ts'
import { markOf } from '#components/graph/figures.ts'
import { paths } from '#components/paths.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { formatMs, formatRate, formatShare } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'

export function WorstAgents({ agents, total }: { agents: readonly AgentSummary[]; total: number }) {
  return (
    <Card title="Agents, worst first" note={total} flush actions={<ButtonLink small look="quiet" href={paths.agents()}>All agents</ButtonLink>}>
      <Table label="Agents, worst first">
        <thead>
          <tr><Th>Agent</Th><Th>Kind</Th><Th right>Requests</Th><Th right>Errors</Th><Th right>p95</Th><Th>State</Th></tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <tr key={agent.id} className="hover:bg-ground">
              <Td>
                <span className="flex items-center gap-2.5">
                  <StateMark state={markOf(agent.health)} label={agent.health} />
                  <Link href={agent.namespace === null ? paths.graph({ select: agent.id }) : paths.agent(agent.namespace, agent.name)} className="max-w-[220px] truncate font-medium no-underline hover:underline">{agent.name}</Link>
                </span>
              </Td>
              <Td muted>{describeType(agent)}</Td>
              <Td right>{formatRate(agent.perSecond)}</Td>
              <Td right className={agent.health === 'failing' ? 'text-bad' : agent.health === 'degraded' ? 'text-warn' : undefined}>{formatShare(agent.requests > 0 ? agent.errors / agent.requests : null)}</Td>
              <Td right>{formatMs(agent.p95Ms)}</Td>
              <Td muted className="max-w-[240px] truncate">{agent.why}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  )
}
