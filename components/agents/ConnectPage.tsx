'use client'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { paths } from '#components/paths.ts'
import { Card } from '#components/ui/Card.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { ConnectSidecar } from './ConnectSidecar.tsx'
import { ConnectTelemetry } from './ConnectTelemetry.tsx'
import { LEVELS } from './words.ts'

/** Where agents and sidecars come in. */
export interface Doors {
  otlpHttp: string
  otlpGrpc: string
  control: string
}

/** The two ways in. Each waits live for what it asked for, and says so when it is there. */
export function ConnectPage({ doors, agent }: { doors: Doors; agent: string }) {
  const [way, setWay] = useQueryState('way', parseAsStringLiteral(['telemetry', 'sidecar']).withDefault('telemetry'))
  return (
    <Page title="Connect an agent" crumbs={[{ href: paths.agents(), label: 'Agents' }]}>
      <div className="grid gap-4.5 lg:grid-cols-[minmax(0,1fr)_372px]">
        <div className="grid min-w-0 content-start gap-4.5">
          <Segmented
            label="How"
            value={way}
            onChange={(next) => void setWay(next)}
            options={[{ id: 'telemetry', title: 'Telemetry only' }, { id: 'sidecar', title: 'With a sidecar' }]}
            className="justify-self-start"
          />
          {way === 'telemetry' ? <ConnectTelemetry doors={doors} /> : <ConnectSidecar agent={agent} control={doors.control} />}
        </div>
        <Card title="What each level brings" className="self-start">
          <dl className="m-0 grid gap-3">
            {LEVELS.map((level) => (
              <div key={level.id}>
                <dt className="font-medium">{level.title}</dt>
                <dd className="m-0 text-base text-muted">{level.says}</dd>
              </div>
            ))}
          </dl>
        </Card>
      </div>
    </Page>
  )
}
