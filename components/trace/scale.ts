/** Times on an axis. */

export interface TimeWindow {
  fromMs: number
  toMs: number
}

/** `1.28 s`, `166 ms`, `0.4 ms`, `12 µs`, `2 min 5 s`: three figures at most. */
export function printDuration(ms: number): string {
  if (ms >= 3_600_000) return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  if (ms >= 999.5) return `${trim(ms / 1000)} s`
  if (ms >= 0.9995) return `${trim(ms)} ms`
  return ms === 0 ? '0 ms' : `${trim(ms * 1000)} µs`
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)))
}

/** Round steps (1, 2 or 5 times a power of ten) that cut a window into at most `count` parts. */
export function ticksOf({ fromMs, toMs }: TimeWindow, count: number): number[] {
  const span = toMs - fromMs
  if (!(span > 0) || count < 1) return [fromMs]
  const rough = span / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => power * factor >= rough * 0.999_999) ?? 10)
  const first = Math.ceil(fromMs / step - 1e-9)
  const ticks: number[] = []
  for (let tick = first; tick * step <= toMs + step * 1e-9; tick += 1) ticks.push(Number((tick * step).toPrecision(12)))
  return ticks
}

/** Where a span lies in a window, as shares of its width; null when it is outside. */
export function placeIn(window: TimeWindow, offsetMs: number, durationMs: number): { left: number; width: number } | null {
  const span = Math.max(window.toMs - window.fromMs, 1e-9)
  const left = (offsetMs - window.fromMs) / span
  const right = (offsetMs + durationMs - window.fromMs) / span
  if (right < 0 || left > 1) return null
  return { left: Math.max(0, left), width: Math.max(0, Math.min(1, right) - Math.max(0, left)) }
}

/** Zooms about a point, never beyond the whole and never to nothing. */
export function zoom(window: TimeWindow, whole: TimeWindow, factor: number, aboutMs = (window.fromMs + window.toMs) / 2): TimeWindow {
  const smallest = (whole.toMs - whole.fromMs) / 10_000
  const width = Math.min(whole.toMs - whole.fromMs, Math.max(smallest, (window.toMs - window.fromMs) * factor))
  const share = (aboutMs - window.fromMs) / Math.max(window.toMs - window.fromMs, 1e-9)
  const fromMs = Math.min(Math.max(whole.fromMs, aboutMs - width * share), whole.toMs - width)
  return { fromMs, toMs: fromMs + width }
}

/** Milliseconds of `200ms`, `1.5s`, `2 min`, or of a bare number; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(µs|us|ms|s|min|m|h)?\s*$/.exec(text)
  if (!match) return null
  const units: Record<string, number> = { µs: 0.001, us: 0.001, ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000 }
  return Number(match[1]) * (units[match[2] ?? 'ms'] ?? 1)
}
