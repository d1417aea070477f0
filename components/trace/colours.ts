import type { Span } from '#server/contracts/telemetry.ts'

const SERIES = 6

/** One series colour a service, in the order in which services appear; red stays for what failed. */
export function serviceColours(spans: readonly Span[]): ReadonlyMap<string, string> {
  const colours = new Map<string, string>()
  for (const span of spans) if (!colours.has(span.service)) colours.set(span.service, `var(--series-${(colours.size % SERIES) + 1})`)
  return colours
}
