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
