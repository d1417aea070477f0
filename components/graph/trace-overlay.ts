// One trace laid over the graph: which edges it went over, how often, and for how long. Pure.
import type { Span } from '#server/contracts/telemetry.ts'
import type { GraphView } from './figures.ts'
import type { FindResult } from './find.ts'

export interface EdgeInTrace {
  calls: number
  failed: number
  /** Of all its calls over this edge together. */
  tookMs: number
}

export interface Overlay {
  /** The graph with what the trace did on its edges. */
  view: GraphView
  found: FindResult
  calls: number
  /** Calls between services that the graph has no edge for in its window. */
  missing: number
}

const MODEL_OPERATIONS = new Set(['chat', 'generate_content', 'text_completion', 'embeddings'])

/** Spans of proxies are left out before. A service, a model or a tool is the node of its name. */
export function layTrace(view: GraphView, spans: readonly Span[]): Overlay {
  const byPair = countPairs(spans)
  const nodes = new Set<string>()
  const used = new Set<string>()
  const edges = view.edges.map((edge) => {
    const pair = `${view.byId.get(edge.source)?.name}\n${view.byId.get(edge.target)?.name}`
    const trace = byPair.get(pair) ?? null
    if (trace === null) return edge
    used.add(pair)
    nodes.add(edge.source).add(edge.target)
    return { ...edge, trace }
  })
  const services = new Set(spans.map((span) => span.service))
  for (const node of view.nodes) if (services.has(node.name)) nodes.add(node.id)
  const lit = { nodes, edges: new Set(edges.filter((edge) => edge.trace !== null).map((edge) => edge.id)) }
  const count = (list: readonly EdgeInTrace[]) => list.reduce((sum, { calls }) => sum + calls, 0)
  return {
    view: { ...view, edges },
    found: { state: 'found', nodes, edges: lit.edges, lit, says: '' },
    calls: count([...byPair.values()]),
    missing: count([...byPair].filter(([pair]) => !used.has(pair)).map(([, trace]) => trace)),
  }
}

/** By names of caller and callee. */
function countPairs(spans: readonly Span[]): Map<string, EdgeInTrace> {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const pairs = new Map<string, EdgeInTrace>()
  const answered = new Set<Span>()
  const add = (source: string, target: string, span: Span) => {
    const { calls, failed, tookMs } = pairs.get(`${source}\n${target}`) ?? { calls: 0, failed: 0, tookMs: 0 }
    pairs.set(`${source}\n${target}`, { calls: calls + 1, failed: failed + (span.status === 'error' ? 1 : 0), tookMs: tookMs + span.durationMs })
  }
  for (const span of spans) {
    const parent = span.parentSpanId === null ? undefined : byId.get(span.parentSpanId)
    if (!parent || parent.service === span.service) continue
    add(parent.service, span.service, parent.kind === 'client' ? parent : span)
    // What above the caller tells of the same call, such as the use of a tool, is no call of its own.
    for (let at: Span | undefined = parent; at && at.service === parent.service && !answered.has(at); at = at.parentSpanId === null ? undefined : byId.get(at.parentSpanId)) answered.add(at)
  }
  for (const span of spans) {
    if (answered.has(span) || !span.genAi) continue
    const { operation, model, tool } = span.genAi
    if (model !== null && operation !== null && MODEL_OPERATIONS.has(operation)) add(span.service, model, span)
    else if (tool !== null && operation === 'execute_tool') add(span.service, tool, span)
  }
  return pairs
}
