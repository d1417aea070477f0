import type { Overview } from '#server/contracts/overview.ts'
import { Card } from '#components/ui/Card.tsx'
import { formatLong, formatMs, formatRate, formatShare, NOTHING, plural } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'

const LIFE_LATE = 1 / 3

/** Is the mesh itself well? Each figure says what it means for the agents. */
export function MeshHealth({ mesh }: { mesh: Overview['mesh'] }) {
  const { proxies } = mesh
  const behind = proxies.of - proxies.inSync
  return (
    <Card title="Is the mesh itself well?">
      <KeyValue
        rows={[
          ['Proxies in sync', proxies.of === 0 ? 'none enrolled' : <span className={behind > 0 ? 'text-warn' : undefined}>{`${proxies.inSync} of ${proxies.of}`}</span>],
          ['Change reaches all proxies in', formatMs(mesh.reachMs)],
          ['Telemetry in, behind by', mesh.telemetry === null ? (proxies.of === 0 ? 'nobody sends now' : <span className="text-warn">no collector reports</span>) : `${formatMs(mesh.telemetry.lagMs)}, at ${formatRate(mesh.telemetry.spansPerSecond).replace('/s', ' spans/s')}`],
          ['Without the control plane it runs for', mesh.outageBudgetMs === null ? NOTHING : formatLong(mesh.outageBudgetMs)],
          ['Of calls the mesh saw, authenticated', mesh.authenticatedShare === null ? NOTHING : `${formatShare(mesh.authenticatedShare)}${mesh.openEdges > 0 ? `, ${plural(mesh.openEdges, 'edge')} open` : ''}`],
          ['Control processes', mesh.controls === 0 ? <span className="text-bad">none: proxies go on with what they have</span> : String(mesh.controls)],
        ]}
      />
      {mesh.life.length > 0 && (
        <div className="mt-4 grid gap-2.5">
          {mesh.life.map((life) => (
            <div key={life.name}>
              <p className="m-0 mb-1 flex justify-between gap-2 text-sm">
                <span className="text-muted">{life.name}</span>
                <span className="tabular-nums" title={life.note}>{formatShare(life.lifeLeft)} of its life left</span>
              </p>
              <div role="meter" aria-label={life.name} aria-valuenow={Math.round(life.lifeLeft * 100)} aria-valuemin={0} aria-valuemax={100} className="h-1.5 overflow-hidden rounded-full bg-accent-soft">
                <div className={`h-full rounded-full ${life.lifeLeft < LIFE_LATE ? 'bg-warn' : 'bg-faint'}`} style={{ width: `${Math.max(1, life.lifeLeft * 100)}%` }} />
              </div>
            </div>
          ))}
        </div>
      )}
      <p className="mt-4 mb-0 text-sm text-muted">By default an agent takes calls from its own trust domain and refuses everybody else; policies narrow that.</p>
    </Card>
  )
}
