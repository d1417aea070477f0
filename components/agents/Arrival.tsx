'use client'
import { useRef } from 'react'
import type { AgentSummary } from '#server/contracts/overview.ts'
import { useLiveQuery } from '#components/live.tsx'
import { paths } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { LevelBadge } from './LevelBadge.tsx'
import type { AgentList } from './AgentsPage.tsx'

const ASK_MS = 2000

/** Waits for an agent to appear and shows it: the one asked for, or anybody who was not there when the page opened. */
export function Arrival({ waitsFor, since, find }: { waitsFor: string; since: number; find: (agents: readonly AgentSummary[]) => AgentSummary | null }) {
  const known = useRef<Set<string> | null>(null)
  const query = useLiveQuery({ key: ['arrival'], read: () => readJson<AgentList>('/api/v1/agent-summaries?window=1h'), topics: ['agents', 'telemetry'], everyMs: ASK_MS })
  const agents = query.data?.items ?? []
  if (query.data && known.current === null) known.current = new Set(agents.map((agent) => agent.id))
  const arrived = find(agents) ?? agents.find((agent) => known.current !== null && !known.current.has(agent.id)) ?? null
  return (
    <div className="mt-4">
      {arrived ? (
        <Notice state="ok" action={arrived.namespace !== null && <ButtonLink small href={paths.agent(arrived.namespace, arrived.name)}>Open it</ButtonLink>}>
          <span className="font-medium">{arrived.name} is here.</span> <LevelBadge level={arrived.level} />
        </Notice>
      ) : (
        <Notice state="idle">
          Waiting for {waitsFor}; asked for <RelativeTime at={new Date(since).toISOString()} />. The page sees it by itself.
        </Notice>
      )}
    </div>
  )
}
