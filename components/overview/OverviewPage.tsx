'use client'
import type { Overview } from '#server/contracts/overview.ts'
import { messageOf } from '#server/contracts/errors.ts'
import { useLiveQuery } from '#components/live.tsx'
import { paths, withQuery } from '#components/paths.ts'
import { readJson } from '#components/read-json.ts'
import { describeWindow, rangeQuery } from '#components/time-range.ts'
import { useTimeRange } from '#components/use-time-range.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { FirstRun } from './FirstRun.tsx'
import { MeshHealth } from './MeshHealth.tsx'
import { RecentChanges } from './RecentChanges.tsx'
import { SampleFleet } from './SampleFleet.tsx'
import { Signals } from './Signals.tsx'
import { Waits } from './Waits.tsx'
import { WorstAgents } from './WorstAgents.tsx'

const REFRESH_MS = 5000

/** What is worst, what waits, and is the mesh itself well. */
export function OverviewPage({ initial, otlpHttp }: { initial: Overview; otlpHttp: string }) {
  const { range, paused, says } = useTimeRange()
  const query = useLiveQuery({ key: ['overview', range], read: () => readJson<Overview>(withQuery('/api/v1/overview', rangeQuery(range))), initial, topics: ['overview'], paused, everyMs: REFRESH_MS })
  const overview = query.data ?? initial
  const empty = overview.agentsTotal === 0 && overview.mesh.proxies.of === 0
  return (
    <Page
      title="Overview"
      tags={<>{overview.sample && <Tag>sample fleet</Tag>}<span className="text-sm text-muted">{says}</span></>}
      actions={!empty && <ButtonLink href={paths.connect()}>Connect an agent</ButtonLink>}
      command="npx heddle status"
    >
      {query.error && <div className="mb-4"><Notice state="warn">{messageOf(query.error)} What is shown is what was last read; agents keep calling each other.</Notice></div>}
      {empty ? (
        <FirstRun otlpHttp={otlpHttp} />
      ) : (
        <>
          <Signals overview={overview} length={range.kind === 'window' ? describeWindow(range.window) : 'time'} />
          <div className="mt-4.5 grid gap-4.5 lg:grid-cols-[minmax(0,1fr)_372px]">
            <div className="grid min-w-0 content-start gap-4.5">
              <WorstAgents agents={overview.agents} total={overview.agentsTotal} />
              <RecentChanges changes={overview.changes} />
            </div>
            <div className="grid min-w-0 content-start gap-4.5 max-lg:order-first">
              <Waits waits={overview.waits} />
              <MeshHealth mesh={overview.mesh} />
              {overview.sample && <SampleFleet key={`${overview.sample.rate} ${overview.sample.failureShare}`} sample={overview.sample} />}
            </div>
          </div>
        </>
      )}
    </Page>
  )
}
