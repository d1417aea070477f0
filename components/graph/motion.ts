/** How dots travel along an edge: their number and the time of one way follow the rate, in coarse steps, so that a small change of the
 * rate does not restart what is under way. */
export function motionOf(perSecond: number): { dots: number; seconds: number } | null {
  if (perSecond <= 0) return null
  const step = Math.round(Math.log2(Math.min(4096, Math.max(1 / 64, perSecond))))
  return { dots: step >= 6 ? 3 : step >= 2 ? 2 : 1, seconds: Math.round(Math.min(9, Math.max(0.9, 4.2 * 2 ** (-step / 4))) * 10) / 10 }
}

/** Width of an edge, by the logarithm of its rate. */
export function widthOf(perSecond: number): number {
  return Math.min(6, 1.3 + Math.log10(1 + perSecond) * 1.1)
}
