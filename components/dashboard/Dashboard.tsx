'use client'
import { messageOf } from '#server/contracts/errors.ts'
import { COMPARISONS, sayComparison } from '#components/graph/compare.ts'
import { SeriesMark } from '#components/mesh/SeriesMark.tsx'
import { useTimeRange } from '#components/use-time-range.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { Select } from '#components/ui/Select.tsx'
import { Skeleton } from '#components/ui/Skeleton.tsx'
import { Charts } from './Charts.tsx'
import { FailureKinds } from './FailureKinds.tsx'
import { ModelCost } from './ModelCost.tsx'
import { useDashboard, useDashboardParams, type Ends } from './use-dashboard.ts'

const COMPARE_OPTIONS = [{ id: 'none' as const, title: 'Compare with nothing' }, ...COMPARISONS.map((id) => ({ id, title: `Against ${sayComparison(id)}` }))]

/** Calls of an edge or of a node over time, against an earlier window; why they failed; and what they cost in tokens and money. */
export function Dashboard({ ends, sides }: { ends: Ends; /** A node has two sides: calls that it received and calls that it made. */ sides?: boolean }) {
  const { says, range, resume } = useTimeRange()
  const [params, setParams] = useDashboardParams()
  const { series, breakdown, before, breakdownBefore } = useDashboard(ends)
  const versions = (series.data?.series ?? []).flatMap(({ version }) => version ?? [])
  const idle = series.data?.total.requests === 0 && series.data.total.tokens.input + series.data.total.tokens.output === 0
  return (
    <>
      <Card
        title={sides ? (params.side === 'made' ? 'Calls it made' : 'Calls it received') : 'Calls'}
        note={says}
        actions={
          <div className="flex min-w-0 max-w-full flex-wrap items-center justify-end gap-2">
            {range.kind === 'fixed' && <Button small look="quiet" onPress={() => void resume()}>Back to now</Button>}
            {sides && <Segmented label="Which calls" value={params.side} onChange={(side) => void setParams({ side })} options={[{ id: 'received', title: 'Received' }, { id: 'made', title: 'Made' }]} />}
            {(versions.length > 1 || params.by === 'together') && <Segmented label="Versions" value={params.by} onChange={(by) => void setParams({ by })} options={[{ id: 'version', title: 'By version' }, { id: 'together', title: 'Together' }]} />}
            <Select label="Compare with" labelHidden small value={params.compare} options={COMPARE_OPTIONS} onChange={(compare) => void setParams({ compare })} />
          </div>
        }
      >
        {series.error && series.data && <div className="mb-3"><Notice state="warn">{messageOf(series.error)} These are the figures that were read last.</Notice></div>}
        {!series.data
          ? series.error
            ? <EmptyState kind="down" title="The figures cannot be read now" action={<Button small onPress={() => void series.refetch()}>Try again</Button>}>{messageOf(series.error)} Calls go on as they did.</EmptyState>
            : <div role="status" aria-label="Reading the figures"><Skeleton className="h-[352px] w-full" /></div>
          : idle
            ? <EmptyState kind="no-data" title={`No calls in the ${says}`}>{before && before.total.requests > 0 ? `There were calls in ${sayComparison(params.compare === 'none' ? 'before' : params.compare)}.` : 'A longer time range may have some.'}</EmptyState>
            : <Charts series={series.data} before={before} then={params.compare === 'none' ? null : sayComparison(params.compare)} />}
        {versions.length > 1 && !idle && (
          <p className="mt-3 mb-0 flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
            {versions.map((version, index) => <span key={version} className="flex items-center gap-1.5"><SeriesMark index={index} />{version}</span>)}
          </p>
        )}
      </Card>
      <div className="grid gap-4.5 xl:grid-cols-2">
        {ends.target !== undefined && <FailureKinds query={breakdown} before={breakdownBefore} then={params.compare === 'none' ? null : sayComparison(params.compare)} />}
        <ModelCost query={breakdown} before={breakdownBefore} tokens={series.data?.total.tokens ?? null} then={params.compare === 'none' ? null : sayComparison(params.compare)} />
      </div>
    </>
  )
}
