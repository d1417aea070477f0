// What an agent did is told by its own spans; every call adds four of the sidecars between. They matter when a call is lost on the
// way, and else bury the story, so they are folded away until asked for.
import type { Span } from '#server/contracts/telemetry.ts'

/** Was the span written by a proxy? Envoy says so of its own, in any mesh. */
export function isHop(span: Span): boolean {
  return span.attributes.some(({ key, value }) => key === 'component' && value === 'proxy')
}

/**
 * The spans without those of proxies; what was below one hangs below the nearest that stays. A proxy's span stays where no agent's
 * span lies below it: then it is all that is known of the call.
 */
export function withoutHops(spans: readonly Span[]): readonly Span[] {
  const hops = new Set(spans.filter(isHop))
  if (hops.size === 0) return spans
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const parentOf = (span: Span) => (span.parentSpanId === null ? undefined : byId.get(span.parentSpanId))
  const carrying = new Set<Span>() // hops above an agent's span
  for (const span of spans) {
    if (hops.has(span)) continue
    for (let above = parentOf(span); above && hops.has(above) && !carrying.has(above); above = parentOf(above)) carrying.add(above)
  }
  return spans.flatMap((span) => {
    if (carrying.has(span)) return []
    const above = parentOf(span)
    return above && carrying.has(above) ? [{ ...span, parentSpanId: idAbove(above) }] : [span]
  })

  /** The first id above a proxy's spans, of a span that stays or is missing. The walk is bounded: ids come from outside and may run in a circle. */
  function idAbove(hop: Span): string | null {
    for (let above: Span | undefined = hop, steps = 0; above && steps < hops.size; steps += 1) {
      const next = parentOf(above)
      if (!next || !carrying.has(next)) return above.parentSpanId
      above = next
    }
    return null
  }
}
