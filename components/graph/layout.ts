// Where nodes stand. Layered from callers to callees by dagre; what stands already stays where it is, so that a picture that is
// being looked at never jumps: only what is new is placed, beside what it talks to.
import dagre from '@dagrejs/dagre'

export interface LayoutNode {
  id: string
  width: number
  height: number
}
export interface LayoutEdge {
  source: string
  target: string
}
export interface Point {
  x: number
  y: number
}
export type Positions = Record<string, Point>

export interface LayoutRequest {
  nodes: readonly LayoutNode[]
  edges: readonly LayoutEdge[]
  /** Top left corners that are kept. */
  kept: Positions
  /** Callers stand left of what they call, on a narrow screen above it. */
  direction: Direction
  /** Groups all call each other, so that layers would be one long chain: they stand in columns. */
  columns?: boolean
}

export type Direction = 'LR' | 'TB'

/** Between layers stands an edge's label; between neighbours of one layer two labels must fit. */
const GAPS = { LR: { rank: 104, node: 64 }, TB: { rank: 72, node: 26 } } as const
const COLUMN = { across: 110, down: 76 }
const AIR = 17
const STEP = 34
/** A new node looks for a free place this many steps down before it takes what is there. */
const STEPS_MAX = 60

/** Top left corner of each node. */
export function layoutGraph({ nodes, edges, kept, direction, columns }: LayoutRequest): Positions {
  const fresh = nodes.filter((node) => !kept[node.id])
  const result: Positions = Object.fromEntries(nodes.flatMap((node) => (kept[node.id] ? [[node.id, kept[node.id] as Point]] : [])))
  if (fresh.length === 0) return result
  const ideal = columns ? layoutColumns(nodes, edges, direction) : layoutLayers(nodes, edges, direction)
  if (fresh.length === nodes.length) return ideal
  for (const node of fresh) result[node.id] = placeBeside(node, nodes, edges, ideal, result)
  return result
}

function layoutLayers(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], direction: Direction): Positions {
  const graph = new dagre.graphlib.Graph()
  graph.setGraph({ rankdir: direction, ranksep: GAPS[direction].rank, nodesep: nodes.length > 40 ? GAPS.TB.node : GAPS[direction].node, ranker: nodes.length > 80 ? 'tight-tree' : 'network-simplex' })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const node of nodes) graph.setNode(node.id, { width: node.width, height: node.height })
  const known = new Set(nodes.map((node) => node.id))
  for (const edge of edges) if (edge.source !== edge.target && known.has(edge.source) && known.has(edge.target)) graph.setEdge(edge.source, edge.target)
  dagre.layout(graph)
  return Object.fromEntries(
    nodes.map((node) => {
      const at = graph.node(node.id) as Point // dagre writes the centre into every node
      return [node.id, { x: Math.round(at.x - node.width / 2), y: Math.round(at.y - node.height / 2) }]
    }),
  )
}

/** Those that call more than they are called stand left. */
function layoutColumns(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], direction: Direction): Positions {
  const lean = new Map(nodes.map((node) => [node.id, 0]))
  for (const edge of edges) {
    lean.set(edge.source, (lean.get(edge.source) ?? 0) - 1)
    lean.set(edge.target, (lean.get(edge.target) ?? 0) + 1)
  }
  const ordered = nodes.toSorted((a, b) => (lean.get(a.id) ?? 0) - (lean.get(b.id) ?? 0) || a.id.localeCompare(b.id))
  const count = direction === 'TB' ? Math.min(2, nodes.length) : Math.min(nodes.length, Math.max(3, Math.ceil(Math.sqrt(nodes.length))))
  const perColumn = Math.ceil(nodes.length / count)
  const result: Positions = {}
  for (let column = 0; column < count; column++) {
    const stack = ordered.slice(column * perColumn, (column + 1) * perColumn)
    let y = -stack.reduce((sum, node) => sum + node.height + COLUMN.down, -COLUMN.down) / 2
    for (const node of stack) {
      result[node.id] = { x: column * (node.width + (direction === 'TB' ? AIR * 2 : COLUMN.across)), y: Math.round(y) }
      y += node.height + COLUMN.down
    }
  }
  return result
}

/** Where it would stand as seen from a neighbour that stands already; then down until nothing is under it. */
function placeBeside(node: LayoutNode, nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], ideal: Positions, placed: Positions): Point {
  const neighbours = edges.flatMap((edge) => (edge.source === node.id ? [edge.target] : edge.target === node.id ? [edge.source] : []))
  const anchor = neighbours.find((id) => placed[id] && ideal[id]) ?? Object.keys(placed).find((id) => ideal[id])
  const own = ideal[node.id] ?? { x: 0, y: 0 }
  const [from, to] = anchor ? [ideal[anchor], placed[anchor]] : []
  let at = from && to ? { x: own.x - from.x + to.x, y: own.y - from.y + to.y } : own
  const others = nodes.filter((other) => other.id !== node.id && placed[other.id])
  for (let step = 0; step < STEPS_MAX && others.some((other) => overlaps(at, node, placed[other.id] as Point, other)); step++) at = { x: at.x, y: at.y + STEP } // others are those placed
  return at
}

function overlaps(a: Point, sizeA: LayoutNode, b: Point, sizeB: LayoutNode): boolean {
  return a.x < b.x + sizeB.width + AIR && b.x < a.x + sizeA.width + AIR && a.y < b.y + sizeB.height + AIR && b.y < a.y + sizeA.height + AIR
}
