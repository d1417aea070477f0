'use client'
import { EdgeLabelRenderer, useInternalNode, useStore, type Edge, type EdgeProps, type InternalNode } from '@xyflow/react'
import { memo } from 'react'
import { classes } from '#components/ui/classes.ts'
import { formatMs, formatRate, formatShare, plural } from '#components/ui/format.ts'
import type { EdgeView } from './figures.ts'
import { attachEdge, type Box } from './attach.ts'
import { curveOf } from './curve.ts'
import { motionOf, widthOf } from './motion.ts'

export type CallFlowEdge = Edge<{ view: EdgeView; dim: boolean; labelled: boolean; moving: boolean; quiet: boolean; twin: boolean; down: boolean; labelAt?: number }, 'call'>

/** Below this zoom, only what is wrong keeps its label. */
const LABEL_ZOOM = 0.5

const TONES = { healthy: 'text-edge', degraded: 'text-warn', failing: 'text-bad', idle: 'text-edge', unknown: 'text-edge' } as const

/** Calls from one to another: width and dots follow the rate, dashes say failing, dots on the line say no mTLS. */
export const CallEdge = memo(function CallEdge(props: EdgeProps<CallFlowEdge>) {
  const { id, data, selected, source, target } = props
  const from = useInternalNode(source)
  const to = useInternalNode(target)
  const near = useStore((state) => state.transform[2] >= LABEL_ZOOM)
  if (!data || !from || !to) return null
  const { view, dim, labelled, moving } = data
  const wrong = view.health === 'failing' || view.health === 'degraded'
  const ends = attachEdge(boxOf(from), boxOf(to), data)
  const curve = curveOf(ends)
  const middle = curve.at(data.labelAt ?? 0.5)
  const [path, labelX, labelY] = source === target ? loopPath(boxOf(from)) : [curve.path, middle.x, middle.y]
  const motion = moving && !dim ? motionOf(view.figures.perSecond) : null
  const width = widthOf(view.figures.perSecond)
  const gone = view.change?.kind === 'gone'
  return (
    <g className={classes(TONES[view.health], 'transition-opacity duration-200', dim && 'opacity-15')} data-health={view.health} data-open={view.open}>
      <path d={path} fill="none" stroke="transparent" strokeWidth={16} className="react-flow__edge-interaction" />
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        strokeWidth={selected ? width + 1 : width}
        strokeDasharray={gone ? '2 7' : view.health === 'failing' ? '7 4' : view.open ? '1.5 4.5' : undefined}
        strokeLinecap={view.open && view.health !== 'failing' ? 'round' : undefined}
        opacity={wrong || selected ? 1 : gone ? 0.45 : 0.6}
        markerEnd={`url(#arrow-${view.health === 'failing' || view.health === 'degraded' ? view.health : 'plain'})`}
      />
      {motion && Array.from({ length: motion.dots }, (_, index) => (
        <circle key={`${motion.seconds}-${index}`} r={2.6} fill="currentColor" opacity={0} className="motion-reduce:hidden">
          <set attributeName="opacity" to="1" begin="0s" />
          <animateMotion dur={`${motion.seconds}s`} begin={`${((-index * motion.seconds) / motion.dots).toFixed(2)}s`} repeatCount="indefinite" path={path} />
        </circle>
      ))}
      {(selected || (near && (labelled || (wrong && !data.quiet)))) && (
        <EdgeLabelRenderer>
          <div
            data-edge={id}
            className={classes(
              'pointer-events-none absolute rounded-md border bg-surface px-2 py-[3px] text-center text-xs leading-[15px] tabular-nums transition-opacity duration-200',
              view.health === 'failing' ? 'border-bad text-bad' : view.health === 'degraded' ? 'border-warn text-warn' : 'border-line text-muted',
              dim && 'opacity-15',
            )}
            style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)`, zIndex: wrong ? 2 : 1 }}
          >
            {view.trace ? <>{plural(view.trace.calls, 'call')}{view.trace.failed > 0 && `, ${view.trace.failed} failed`}</> : gone ? 'gone' : <>{formatRate(view.figures.perSecond)}&ensp;{formatShare(view.figures.errorShare)}</>}
            <br />
            {secondLine(view)}
          </div>
        </EdgeLabelRenderer>
      )}
    </g>
  )
})

function secondLine(view: EdgeView): string {
  if (view.trace) return formatMs(view.trace.tookMs)
  if (view.change && view.change.kind !== 'same') return view.change.says
  if (view.open) return view.mtlsShare === 0 ? 'no mTLS' : `mTLS ${formatShare(view.mtlsShare)}`
  return view.figures.p95 === null ? view.protocol : formatMs(view.figures.p95)
}

/** What a screen reader says of it. */
export function labelOfEdge(view: EdgeView, source: string, target: string): string {
  return `${source} calls ${target}, ${formatRate(view.figures.perSecond)}, errors ${formatShare(view.figures.errorShare)}${view.open ? ', not all of it by mTLS' : ''}${view.change?.says ? `, ${view.change.says}` : ''}${view.trace ? `; in the trace ${plural(view.trace.calls, 'call')}, ${formatMs(view.trace.tookMs)}` : ''}`
}

function boxOf(node: InternalNode): Box {
  return { ...node.internals.positionAbsolute, width: node.measured.width ?? 0, height: node.measured.height ?? 0 }
}

/** An agent that calls itself: a loop over its top. */
function loopPath(box: Box): [string, number, number] {
  const [middle, top] = [box.x + box.width / 2, box.y - 52]
  return [`M${middle + 30} ${box.y}C${middle + 50} ${top} ${middle - 50} ${top} ${middle - 30} ${box.y}`, middle, top + 14]
}

/** Arrow heads in the colour of each state. */
export function ArrowHeads() {
  const colours = { plain: 'var(--edge)', degraded: 'var(--warn)', failing: 'var(--bad)' }
  return (
    <svg aria-hidden className="absolute h-0 w-0">
      <defs>
        {Object.entries(colours).map(([name, colour]) => (
          <marker key={name} id={`arrow-${name}`} viewBox="0 0 8 8" refX={7} refY={4} markerWidth={8} markerHeight={8} markerUnits="userSpaceOnUse" orient="auto">
            <path d="M1 1l6 3-6 3z" fill={colour} />
          </marker>
        ))}
      </defs>
    </svg>
  )
}
