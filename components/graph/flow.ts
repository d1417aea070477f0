import { labelOfNode, sizeOfAgent } from './AgentNode.tsx'
import { labelOfEdge, type CallFlowEdge } from './CallEdge.tsx'
import type { EdgeView, GraphView, NodeView } from './figures.ts'
import type { FindResult } from './find.ts'
import type { UnplacedNode } from './GraphCanvas.tsx'
import { groupGraph, groupIdOf, type GroupBy, type GroupView } from './group.ts'
import { labelOfGroup, sizeOfGroup } from './GroupNode.tsx'

/** With more edges than this, labels stand only where something is wrong or chosen. */
const LABELS_MAX = 45
/** With more, dots would be noise and work. */
const MOVING_MAX = 160

export interface FlowOptions {
  by: GroupBy
  open: string | null
  found: FindResult
  selected: string | null
  moving: boolean
  /** The picture runs downwards. */
  down: boolean
}

/** The graph as boxes and lines without places; what a find expression does not match is dim. */
export function flowOf(view: GraphView, { by, open, found, selected, moving, down }: FlowOptions): { nodes: UnplacedNode[]; edges: CallFlowEdge[]; groups: GroupView[] } {
  const shown = by === 'none' ? { groups: [], nodes: view.nodes, edges: view.edges } : groupGraph(view, by, open)
  const lit = found.state === 'found' ? found.lit : null
  const groupLit = (group: GroupView) => lit === null || group.members.some((member) => lit.nodes.has(member.id))
  const litGroups = new Set(shown.groups.filter(groupLit).map((group) => group.id))
  const placeLit = (id: string) => lit === null || lit.nodes.has(id) || litGroups.has(id)
  const names = new Map([...view.nodes.map((node): [string, string] => [node.id, node.name]), ...shown.groups.map((group): [string, string] => [group.id, group.name])])
  const edgeLit = (edge: EdgeView) => lit === null || lit.edges.has(edge.id) || (edge.id.includes('group/') && mergedLit(edge, view, by, lit.edges))
  const pairs = new Set(shown.edges.map((edge) => `${edge.source}\n${edge.target}`))
  return {
    groups: shown.groups,
    nodes: [
      ...shown.groups.map((group): UnplacedNode => ({ id: group.id, type: 'cluster', position: ORIGIN, ariaLabel: labelOfGroup(group), ...sizeOfGroup(group), data: { view: group, dim: !groupLit(group), lit: lit?.nodes ?? null } })),
      ...shown.nodes.map((node): UnplacedNode => ({ id: node.id, type: 'agent', position: ORIGIN, ariaLabel: labelOfNode(node), ...sizeOfAgent(node), data: { view: node, dim: !placeLit(node.id) } })),
    ],
    edges: shown.edges.map((edge): CallFlowEdge => ({
      id: edge.id,
      source: edge.source,
      target: edge.target,
      type: 'call',
      ariaLabel: labelOfEdge(edge, names.get(edge.source) ?? edge.source, names.get(edge.target) ?? edge.target),
      data: { view: edge, dim: !edgeLit(edge), labelled: by === 'none' && (shown.edges.length <= LABELS_MAX || touches(edge, selected) || differs(edge)), moving: moving && shown.edges.length <= MOVING_MAX, quiet: by !== 'none', twin: pairs.has(`${edge.target}\n${edge.source}`), down },
    })),
  }
}

const ORIGIN = { x: 0, y: 0 }

function touches(edge: EdgeView, selected: string | null): boolean {
  return selected !== null && (edge.id === selected || edge.source === selected || edge.target === selected)
}

function differs({ change, trace }: EdgeView): boolean {
  if (trace !== null) return true
  return change !== null && change.kind !== 'same'
}

/** A merged edge is lit when one of its own is. */
function mergedLit(merged: EdgeView, view: GraphView, by: GroupBy, edges: Set<string>): boolean {
  if (by === 'none') return false
  const inside = (place: string, node: NodeView | undefined) => node !== undefined && (place === node.id || place === `group/${groupIdOf(node, by)}`)
  return view.edges.some((edge) => edges.has(edge.id) && inside(merged.source, view.byId.get(edge.source)) && inside(merged.target, view.byId.get(edge.target)))
}
