'use client'
import type { ObjectiveStatus } from '#server/contracts/objective.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { Card } from '#components/ui/Card.tsx'
import { formatCost } from '#components/sessions/words.tsx'
import { formatCount, NOTHING } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { Alerts } from './Alerts.tsx'
import { Budget } from './Budget.tsx'
import { STATE_MARK } from './words.ts'

const LOOKS = [['5m', '5 minutes'], ['30m', '30 minutes'], ['1h', 'an hour'], ['6h', '6 hours']] as const

/** How one objective is kept now, and its alerts. */
export function Standing({ namespace, name }: { namespace: string; name: string }) {
  const query = useLiveQuery<List<ObjectiveStatus>>({ ...reading<List<ObjectiveStatus>>(asks.objectiveStates()), topics: TOPICS.telemetry, everyMs: 10_000 })
  return (
    <div className="grid items-start gap-[18px] pb-2 lg:grid-cols-[372px_minmax(0,1fr)]">
      <Card title="Now">
        <Loaded query={query} what="how it is kept">
          {({ items }) => {
            const status = items.find((one) => one.namespace === namespace && one.name === name)
            return status ? <Figures status={status} /> : <p className="m-0 text-muted">It has not been looked at yet; that takes some seconds.</p>
          }}
        </Loaded>
      </Card>
      <Alerts at={{ namespace, name }} />
    </div>
  )
}

function Figures({ status }: { status: ObjectiveStatus }) {
  const { state, since, calls, good, budgetLeft, burn, name, cost } = status
  return (
    <KeyValue
      rows={[
        ['State', <span key="state" className="inline-flex items-center gap-2"><Tag state={STATE_MARK[state]}>{state}</Tag><span className="text-sm text-muted"><RelativeTime at={since} /></span></span>],
        ['Budget left', budgetLeft === null ? NOTHING : <Budget key="budget" left={budgetLeft} label={name} />],
        ['Counted', formatCount(calls)],
        ...(cost
          ? ([
              ['Spent', formatCost({ amount: cost.spent, currency: cost.currency })],
              ['Allowed', formatCost({ amount: cost.allowed, currency: cost.currency })],
              ...(cost.unpricedTokens > 0 ? [['Without a price', `${formatCount(cost.unpricedTokens)} tokens`] as const] : []),
            ] as const)
          : [['Bad ones', formatCount(calls - good)] as const]),
        ...LOOKS.map(([look, words]) => [`Burn over ${words}`, typeof burn[look] === 'number' ? `${burn[look].toFixed(1)}×` : NOTHING] as const),
      ]}
    />
  )
}
