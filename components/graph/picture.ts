// The graph as a picture file: what the canvas shows, whole, without a browser's help. Pure.
import { formatMs, formatRate, formatShare, plural } from '#components/ui/format.ts'
import { attachEdge } from './attach.ts'
import type { CallFlowEdge } from './CallEdge.tsx'
import { curveOf } from './curve.ts'
import type { EdgeView, NodeView } from './figures.ts'
import type { GroupView } from './group.ts'
import type { Point, Positions } from './layout.ts'
import { widthOf } from './motion.ts'

export interface PictureNode {
  id: string
  width: number
  height: number
  data: { view: NodeView | GroupView; dim: boolean }
}

export interface Picture {
  svg: string
  width: number
  height: number
}

const MARGIN = 32
const FONT = 'Geist, ui-sans-serif, system-ui, sans-serif'
const TONES: Record<string, string> = { failing: '--bad', degraded: '--warn' }

/** `colourOf('--line')` is the colour of a token in the theme that the picture is to have. */
export function drawPicture(nodes: readonly PictureNode[], edges: readonly CallFlowEdge[], positions: Positions, labelAt: ReadonlyMap<string, number>, colourOf: (token: string) => string): Picture {
  const boxes = new Map(nodes.map((node) => [node.id, { ...(positions[node.id] ?? { x: 0, y: 0 }), width: node.width, height: node.height }]))
  const all = [...boxes.values()]
  const [left, top] = [Math.min(...all.map((box) => box.x)) - MARGIN, Math.min(...all.map((box) => box.y)) - MARGIN]
  const [width, height] = [Math.max(...all.map((box) => box.x + box.width)) + MARGIN - left, Math.max(...all.map((box) => box.y + box.height)) + MARGIN - top].map(Math.ceil) as [number, number] // two in, two out
  const lines = edges.flatMap((edge) => {
    const [from, to] = [boxes.get(edge.source), boxes.get(edge.target)]
    if (!edge.data || !from || !to || edge.source === edge.target) return []
    const curve = curveOf(attachEdge(from, to, edge.data))
    return [{ view: edge.data.view, dim: edge.data.dim, path: curve.path, middle: curve.at(labelAt.get(edge.id) ?? 0.5), labelled: edge.data.labelled }]
  })
  const body = [
    ...lines.map(({ view, dim, path }) => `<path d="${path}" fill="none" stroke="${colourOf(TONES[view.health] ?? '--edge')}" stroke-width="${widthOf(view.figures.perSecond).toFixed(1)}"${view.health === 'failing' ? ' stroke-dasharray="7 4"' : view.open ? ' stroke-dasharray="1.5 4.5" stroke-linecap="round"' : ''} opacity="${dim ? 0.15 : 0.8}" marker-end="url(#${view.health in TONES ? view.health : 'plain'})"/>`),
    ...nodes.map((node) => drawNode(node, boxes.get(node.id) ?? { x: 0, y: 0 }, colourOf)),
    ...lines.filter(({ labelled }) => labelled).map(({ view, dim, middle }) => drawLabel(view, middle, dim, colourOf)),
  ]
  const heads = [['plain', '--edge'], ['degraded', '--warn'], ['failing', '--bad']].map(([name = '', token = '']) => `<marker id="${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M1 1l6 3-6 3z" fill="${colourOf(token)}"/></marker>`)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}" font-family="${FONT}"><defs>${heads.join('')}</defs><rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${colourOf('--ground')}"/>${body.join('')}</svg>`
  return { svg, width, height }
}

function drawNode({ width, height, data: { view, dim } }: PictureNode, { x, y }: Point, colourOf: (token: string) => string): string {
  const [border, second] = [view.health === 'failing' ? '--bad' : '--line-strong', 'members' in view ? plural(view.members.length, 'agent') : describe(view)]
  const mark = view.health in TONES ? `<circle cx="${x + width - 14}" cy="${y + 17}" r="5" fill="${colourOf(TONES[view.health] ?? '--idle')}"/>` : ''
  return `<g opacity="${dim ? 0.25 : 1}"><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="11" fill="${colourOf('--surface')}" stroke="${colourOf(border)}"/>${mark}<text x="${x + 12}" y="${y + 22}" font-size="13" font-weight="500" fill="${colourOf('--text')}">${escapeXml(cut(view.name, Math.floor((width - 36) / 7)))}</text><text x="${x + 12}" y="${y + 40}" font-size="12" fill="${colourOf('--text-muted')}">${escapeXml(second)}</text></g>`
}

function describe(view: NodeView): string {
  if (view.received.requests === 0) return view.sent.requests > 0 ? `sends ${formatRate(view.sent.perSecond)}` : 'idle'
  return `${formatRate(view.received.perSecond)}, errors ${formatShare(view.received.errorShare)}`
}

function drawLabel(view: EdgeView, { x, y }: Point, dim: boolean, colourOf: (token: string) => string): string {
  const rows = view.trace ? [plural(view.trace.calls, 'call'), formatMs(view.trace.tookMs)] : [`${formatRate(view.figures.perSecond)}  ${formatShare(view.figures.errorShare)}`, view.change && view.change.kind !== 'same' ? view.change.says : formatMs(view.figures.p95)]
  const width = Math.max(...rows.map((row) => row.length)) * 6.6 + 16
  const tone = TONES[view.health]
  return `<g opacity="${dim ? 0.15 : 1}" text-anchor="middle" font-size="12" fill="${colourOf(tone ?? '--text-muted')}"><rect x="${x - width / 2}" y="${y - 19}" width="${width}" height="38" rx="7" fill="${colourOf('--surface')}" stroke="${colourOf(tone ?? '--line')}"/><text x="${x}" y="${y - 3}">${escapeXml(rows[0] ?? '')}</text><text x="${x}" y="${y + 12}">${escapeXml(rows[1] ?? '')}</text></g>`
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, Math.max(1, max - 1))}…` : text
}

/** Names come from outside: in the file they are text and nothing else, and characters that XML has not are replaced. */
function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex -- just these are not allowed in XML
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd').replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
