const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const

/** Milliseconds of a GEP-2257 duration (`1m30s`), whose form the schema has checked. */
export function durationMs(text: string): number {
  return [...text.matchAll(/(\d+)(ms|h|m|s)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS], 0) // the pattern names exactly these units
}
