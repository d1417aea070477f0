'use client'
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { memo } from 'react'
import { classes } from '#components/ui/classes.ts'
import { formatRate, plural } from '#components/ui/format.ts'
import { StateMark } from '#components/ui/StateMark.tsx'
import { markOf } from './figures.ts'
import type { GroupView } from './group.ts'

export type GroupFlowNode = Node<{ view: GroupView; dim: boolean; lit: Set<string> | null }, 'cluster'>

const MARKS = { perRow: 11, step: 16, most: 110 }

export function sizeOfGroup(view: Pick<GroupView, 'members'>): { width: number; height: number } {
  return { width: 214, height: 62 + Math.ceil(Math.min(view.members.length, MARKS.most) / MARKS.perRow) * MARKS.step }
}

/** A group of agents, worst first: one mark an agent. */
export const GroupNode = memo(function GroupNode({ data: { view, dim, lit }, selected, sourcePosition = Position.Right, targetPosition = Position.Left }: NodeProps<GroupFlowNode>) {
  return (
    <div
      data-health={view.health}
      className={classes(
        'h-full rounded-lg border bg-surface px-3.5 py-2.5 transition-opacity duration-200',
        selected ? 'border-accent outline-1 outline-accent' : view.health === 'failing' ? 'border-bad' : view.health === 'degraded' ? 'border-warn' : 'border-line-strong',
        dim && 'opacity-25',
      )}
    >
      <Handle type="target" position={targetPosition} isConnectable={false} className="opacity-0" />
      <p className="m-0 truncate text-base font-medium">{view.name}</p>
      <p className="m-0 text-xs text-muted">{plural(view.members.length, 'agent')}, {formatRate(view.received.perSecond)}</p>
      <div className="mt-1.5 flex flex-wrap gap-[5px]">
        {view.members.slice(0, MARKS.most).map((member) => (
          <StateMark key={member.id} state={markOf(member.health)} size={11} className={lit && !lit.has(member.id) ? 'opacity-20' : undefined} />
        ))}
      </div>
      <Handle type="source" position={sourcePosition} isConnectable={false} className="opacity-0" />
    </div>
  )
})

/** What a screen reader says of it. */
export function labelOfGroup(view: GroupView): string {
  const bad = view.members.filter((member) => member.health === 'failing' || member.health === 'degraded').length
  return `Group ${view.name}, ${plural(view.members.length, 'agent')}, ${bad === 0 ? 'none degraded' : `${bad} degraded or failing`}, ${formatRate(view.received.perSecond)}`
}
