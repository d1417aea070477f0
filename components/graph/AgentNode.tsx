'use client'
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { memo } from 'react'
import { classes } from '#components/ui/classes.ts'
import { formatMs, formatRate, formatShare } from '#components/ui/format.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { markOf, type NodeView } from './figures.ts'
import { iconOf } from './kind-icon.ts'
import { inSeriesOrder, shareOf, StrandBar } from './StrandBar.tsx'

export type AgentFlowNode = Node<{ view: NodeView; dim: boolean }, 'agent'>

const SIZE = { width: 158, height: 54, withVersions: 92 }
const SHARES_SHOWN = 3

export function sizeOfAgent(view: Pick<NodeView, 'versions'>): { width: number; height: number } {
  return { width: SIZE.width, height: view.versions.length > 1 ? SIZE.withVersions : SIZE.height }
}

/** One agent, its state, and how its versions share what it receives. */
export const AgentNode = memo(function AgentNode({ data: { view, dim }, selected, sourcePosition = Position.Right, targetPosition = Position.Left }: NodeProps<AgentFlowNode>) {
  const mark = markOf(view.health)
  return (
    <div
      data-health={view.health}
      className={classes(
        'h-full rounded-lg border bg-surface px-2.5 py-2 transition-opacity duration-200',
        selected ? 'border-accent outline-1 outline-accent' : view.health === 'failing' ? 'border-bad' : view.kind === 'unknown' ? 'border-dashed border-line-strong' : 'border-line-strong',
        dim && 'opacity-25',
      )}
    >
      <Handle type="target" position={targetPosition} isConnectable={false} className="opacity-0" />
      <div className="flex items-center gap-2.5">
        <Icon name={iconOf(view.kind)} size={19} className={mark === 'bad' ? 'text-bad' : mark === 'warn' ? 'text-warn' : 'text-muted'} />
        <div className="min-w-0 flex-1">
          <p className="m-0 truncate text-base leading-[18px] font-medium">{view.name}</p>
          <p className="m-0 truncate text-xs leading-[17px] text-muted">{describeNode(view)}</p>
        </div>
        {mark !== 'ok' && <StateMark state={mark} size={11} label={view.health} className="mb-4" />}
      </div>
      {view.versions.length > 1 && <Versions view={view} />}
      <Handle type="source" position={sourcePosition} isConnectable={false} className="opacity-0" />
    </div>
  )
})

function Versions({ view }: { view: NodeView }) {
  const ordered = inSeriesOrder(view.versions)
  return (
    <div className="mt-2">
      <StrandBar versions={ordered} />
      <p className="m-0 mt-1 flex justify-between gap-2 overflow-hidden text-xs whitespace-nowrap text-muted">
        {ordered.slice(0, SHARES_SHOWN).map((version) => (
          <span key={version.version} className="truncate">{version.version} {formatShare(shareOf(ordered, version))}</span>
        ))}
        {ordered.length > SHARES_SHOWN && <span>+{ordered.length - SHARES_SHOWN}</span>}
      </p>
    </div>
  )
}

/** The line under a name: its latency, or what it sends when it receives nothing. */
function describeNode(view: NodeView): string {
  if (view.received.requests === 0) return view.sent.requests > 0 ? `sends ${formatRate(view.sent.perSecond)}` : 'idle'
  return view.received.p95 === null ? formatRate(view.received.perSecond) : `p95 ${formatMs(view.received.p95)}`
}

/** What a screen reader says of it. */
export function labelOfNode(view: NodeView): string {
  const received = view.received.requests === 0 ? 'received nothing' : `${formatRate(view.received.perSecond)}, errors ${formatShare(view.received.errorShare)}`
  return `${view.name}, ${view.kind}, ${view.health}, ${received}`
}
