// A window against an earlier one, in words.
import type { Series } from '#server/contracts/telemetry.ts'
import { errorsDiffer } from '#components/graph/compare.ts'
import { formatShare } from '#components/ui/format.ts'

type Total = Series['total']

/** Closer than this is the same. */
const SAME_RATIO = 0.05
const SAME_POINTS = 0.001

/** `12 % more than the time before`; windows are equally long, so counts compare like rates. */
export function sayCount(is: number, was: number, then: string): string {
  if (was === 0) return is === 0 ? `none in ${then} either` : `none in ${then}`
  const ratio = is / was
  if (Math.abs(ratio - 1) < SAME_RATIO) return `about as in ${then}`
  if (ratio >= 3) return `${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)} times as much as in ${then}`
  return ratio > 1 ? `${formatShare(ratio - 1)} more than in ${then}` : `${formatShare(1 - ratio)} less than in ${then}`
}

/** `+0.6 points against the time before`, and when so few calls may differ so much by chance. */
export function sayErrors(is: Total, was: Total, then: string): string {
  if (was.requests === 0) return `no calls in ${then}`
  const points = (is.requests === 0 ? 0 : is.errors / is.requests) - was.errors / was.requests
  if (Math.abs(points) < SAME_POINTS) return `as in ${then}`
  const says = `${points > 0 ? '+' : '−'}${(Math.abs(points) * 100).toFixed(1)} points against ${then}`
  return errorsDiffer(was, is) === 0 ? `${says}, which may be chance` : says
}

/** `23 % slower than the time before`, by p95. */
export function sayTime(is: number | null, was: number | null, then: string): string {
  if (is === null || was === null || was === 0) return was === null ? `no calls in ${then}` : ''
  const ratio = is / was
  if (Math.abs(ratio - 1) < SAME_RATIO) return `as fast as in ${then}`
  if (ratio >= 3) return `${ratio.toFixed(1)} times as long as in ${then}`
  return ratio > 1 ? `${formatShare(ratio - 1)} slower than in ${then}` : `${formatShare(1 - ratio)} faster than in ${then}`
}
