'use client'
import '@xyflow/react/dist/base.css'
import { Background, BackgroundVariant, Position, ReactFlow, ReactFlowProvider, useReactFlow, type EdgeChange, type NodeChange } from '@xyflow/react'
import { useEffect, useEffectEvent, useMemo, useRef } from 'react'
import { IconButton } from '#components/ui/Button.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { Skeleton } from '#components/ui/Skeleton.tsx'
import { attachEdge } from './attach.ts'
import { AgentNode, type AgentFlowNode } from './AgentNode.tsx'
import { ArrowHeads, CallEdge, type CallFlowEdge } from './CallEdge.tsx'
import { curveOf } from './curve.ts'
import { ExportMenu } from './ExportMenu.tsx'
import { GroupNode, type GroupFlowNode } from './GroupNode.tsx'
import { placeLabels } from './label-places.ts'
import type { Direction, Positions } from './layout.ts'
import { drawPicture } from './picture.ts'
import { useLayout } from './use-layout.ts'

export type FlowNode = AgentFlowNode | GroupFlowNode
/** A node before it has a place. */
export type UnplacedNode = FlowNode & { width: number; height: number }

const NODE_TYPES = { agent: AgentNode, cluster: GroupNode }
const EDGE_TYPES = { call: CallEdge }
const ZOOM = { min: 0.08, max: 1.75, first: 1.15 }
const FIT_MS = 260
/** Air between what is chosen and its panel. */
const SHOWN_PX = 24

interface CanvasProps {
  nodes: readonly UnplacedNode[]
  edges: readonly CallFlowEdge[]
  selected: string | null
  onSelect: (id: string | null) => void
  onOpen: (id: string) => void
  /** Width that a panel covers at the right. */
  coveredPx: number
  direction: Direction
  /** Groups stand in columns. */
  columns: boolean
  /** The figures of the graph, for a file. */
  json: () => unknown
}

export function GraphCanvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}

function Canvas({ nodes, edges, selected, onSelect, onOpen, coveredPx, direction, columns, json }: CanvasProps) {
  const { positions, tidy, move } = useLayout(nodes, edges, direction, columns)
  const { fitView, zoomIn, zoomOut, getViewport, setViewport } = useReactFlow()
  const canvas = useRef<HTMLDivElement>(null)
  const fitted = useRef(false)
  const padding = { top: '72px', left: '24px', bottom: '64px', right: `${24 + coveredPx}px` } as const
  const sides = direction === 'LR' ? { sourcePosition: Position.Right, targetPosition: Position.Left } : { sourcePosition: Position.Bottom, targetPosition: Position.Top }
  const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches
  const fit = (duration: number) => void fitView({ padding, maxZoom: ZOOM.first, duration: still() ? 0 : duration })
  const ready = positions !== null && nodes.every((node) => positions[node.id])
  useEffect(() => {
    if (!ready || fitted.current || nodes.length === 0) return
    fitted.current = true
    requestAnimationFrame(() => fit(0))
  })
  const uncover = useEffectEvent((id: string) => {
    const at = positions?.[id]
    const node = nodes.find((candidate) => candidate.id === id)
    const box = canvas.current?.getBoundingClientRect()
    if (!at || !node || !box || coveredPx === 0) return
    const { x, y, zoom } = getViewport()
    const hidden = (at.x + node.width) * zoom + x - (box.width - coveredPx - SHOWN_PX)
    if (hidden > 0) void setViewport({ x: x - hidden, y, zoom }, { duration: still() ? 0 : FIT_MS })
  })
  // What is chosen must not lie under its own panel; only choosing moves the picture.
  useEffect(() => {
    if (selected !== null) uncover(selected)
  }, [selected])
  const labelAt = useMemo(() => (ready ? placesOfLabels(nodes, edges, positions) : new Map<string, number>()), [ready, nodes, edges, positions])
  if (!ready) return <CanvasSkeleton />
  // With `measured`, the canvas keeps what it knows of a node between two readings; without, every edge would be drawn anew and its dots start again.
  const placed = nodes.map((node) => ({ ...node, ...sides, measured: { width: node.width, height: node.height }, position: positions[node.id] ?? { x: 0, y: 0 }, selected: node.id === selected }))
  const onNodesChange = (changes: NodeChange<FlowNode>[]) => {
    for (const change of changes) {
      if (change.type === 'position' && change.position) move(change.id, change.position.x, change.position.y)
      if (change.type === 'select' && change.selected) onSelect(change.id)
    }
  }
  const onEdgesChange = (changes: EdgeChange<CallFlowEdge>[]) => {
    for (const change of changes) if (change.type === 'select' && change.selected) onSelect(change.id)
  }
  return (
    <>
      <ArrowHeads />
      <ReactFlow<FlowNode, CallFlowEdge>
        ref={canvas}
        nodes={placed}
        edges={edges.map((edge) => ({ ...edge, selected: edge.id === selected, data: edge.data && { ...edge.data, labelAt: labelAt.get(edge.id) } }))}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onNodeDoubleClick={(_, node) => onOpen(node.id)}
        onPaneClick={() => onSelect(null)}
        minZoom={ZOOM.min}
        maxZoom={ZOOM.max}
        nodesConnectable={false}
        deleteKeyCode={null}
        multiSelectionKeyCode={null}
        selectionKeyCode={null}
        onlyRenderVisibleElements={nodes.length > 150}
        proOptions={{ hideAttribution: true }}
        aria-label="Graph of agents and calls"
        className="h-full [--xy-background-color:var(--ground)] [--xy-background-pattern-color:var(--line)]"
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} />
      </ReactFlow>
      <div className="absolute bottom-3.5 z-10 flex gap-0.5 rounded-md border border-line bg-surface p-0.5 max-md:right-3" style={{ right: 14 + coveredPx }}>
        <IconButton small label="Zoom in" onPress={() => void zoomIn()}><Icon name="plus" /></IconButton>
        <IconButton small label="Zoom out" onPress={() => void zoomOut()}><Icon name="minus" /></IconButton>
        <IconButton small label="Show everything" onPress={() => fit(FIT_MS)}><Icon name="fit" /></IconButton>
        <IconButton
          small
          label="Tidy up: lay everything out anew"
          onPress={() => {
            fitted.current = false
            tidy()
          }}
        >
          <Icon name="tidy" />
        </IconButton>
        <ExportMenu draw={(colourOf) => drawPicture(nodes, edges, positions, labelAt, colourOf)} json={json} />
      </div>
    </>
  )
}

/** Only edges that carry a label in the picture take part. */
function placesOfLabels(nodes: readonly UnplacedNode[], edges: readonly CallFlowEdge[], positions: Positions): ReadonlyMap<string, number> {
  const boxes = new Map(nodes.map((node) => [node.id, { ...(positions[node.id] ?? { x: 0, y: 0 }), width: node.width, height: node.height }]))
  const labelled = edges.flatMap(({ id, source, target, data }) => {
    const [from, to] = [boxes.get(source), boxes.get(target)]
    if (!data?.labelled || !from || !to || source === target) return []
    return [{ id, wrong: data.view.health === 'failing' || data.view.health === 'degraded', curve: curveOf(attachEdge(from, to, data)) }]
  })
  return placeLabels(labelled, [...boxes.values()])
}

/** Boxes where agents will stand. */
export function CanvasSkeleton() {
  return (
    <div role="status" aria-label="Loading the graph" className="absolute inset-0 grid place-items-center">
      <div className="flex items-center gap-20 opacity-70">
        <Skeleton className="h-[54px] w-[152px] rounded-lg" />
        <div className="grid gap-8">
          {[0, 1, 2].map((row) => <Skeleton key={row} className="h-[54px] w-[152px] rounded-lg" />)}
        </div>
        <Skeleton className="h-[54px] w-[152px] rounded-lg max-md:hidden" />
      </div>
    </div>
  )
}
