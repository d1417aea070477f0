/** Arithmetic of a split: whole percent for 2 to 16 backends, always 100 in sum, never a rounding left over. */

export const WHOLE = 100
export const PRESETS = [0, 1, 10, 25, 50, 100] as const

/** Parts `whole` in proportion to `weights`, by largest remainder; a tie goes to the earlier one. All zero stays all zero. */
export function apportion(weights: readonly number[], whole: number = WHOLE): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (sum === 0) return weights.map(() => 0)
  const parts = weights.map((weight, index) => ({ index, floor: Math.floor((weight * whole) / sum), rest: (weight * whole) % sum }))
  const left = whole - parts.reduce((total, part) => total + part.floor, 0)
  const byRest = [...parts].sort((a, b) => b.rest - a.rest || a.index - b.index)
  for (const part of byRest.slice(0, left)) part.floor += 1
  return parts.map((part) => part.floor)
}

/** True when whole percent say exactly what the weights say: 3:1 is 75/25, 1:2 is not 33/67. */
export function isExact(weights: readonly number[]): boolean {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return sum > 0 && weights.every((weight) => (weight * WHOLE) % sum === 0)
}

/**
 * One backend gets `share`; the others divide the rest as they stood to each other in `reference` (the shares when the
 * hand was laid on the slider, so that going to 100 and back restores them), or evenly when they had nothing.
 */
export function setShare(shares: readonly number[], index: number, share: number, reference: readonly number[] = shares): number[] {
  if (shares.length === 1) return [WHOLE]
  const own = clampShare(share)
  const others = reference.map((value, at) => (at === index ? 0 : value))
  const base = others.some((value) => value > 0) ? others : others.map((_, at) => (at === index ? 0 : 1))
  return apportion(base, WHOLE - own).map((value, at) => (at === index ? own : value))
}

/** The whole percent nearest to a number that a person typed or dragged. */
export function clampShare(share: number): number {
  return Number.isFinite(share) ? Math.min(WHOLE, Math.max(0, Math.round(share))) : 0
}

/** Reads `50`, `50 %`, ` 7%`; null for anything that is not a whole percent between 0 and 100. */
export function parseShare(text: string): number | null {
  const match = /^\s*(\d{1,3})\s*%?\s*$/.exec(text)
  const share = match ? Number(match[1]) : NaN
  return share <= WHOLE ? share : null
}

/** `50-25-25` in a URL; null when it is not a split of that many backends. */
export function parseSplit(text: string | null, backends: number): number[] | null {
  const shares = (text ?? '').split('-').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : NaN))
  const whole = shares.reduce((total, share) => total + share, 0)
  return shares.length === backends && whole === WHOLE ? shares : null
}

/** How many of `strands` each share draws: what is more than nothing has at least one thread. */
export function strandsOf(shares: readonly number[], strands: number): number[] {
  const counts = apportion(shares, strands).map((count, index) => (count === 0 && (shares[index] ?? 0) > 0 ? 1 : count))
  let surplus = counts.reduce((total, count) => total + count, 0) - strands
  while (surplus > 0 && Math.max(...counts) > 1) {
    const widest = counts.indexOf(Math.max(...counts))
    counts[widest] = (counts[widest] ?? 0) - 1
    surplus -= 1
  }
  return counts
}
