// Shares as whole numbers that Envoy takes.

/** Envoy takes a sum up to 2^32 - 1. */
export const WEIGHT_SUM_MAX = 4_000_000_000

/** Of integers from 0 on; 0 and `a` give `a`. */
export function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}

/** The least number that all of them divide, or `max` when that is more. */
export function commonMultiple(numbers: readonly number[], max = Number.MAX_VALUE): number {
  return numbers.reduce((a, b) => Math.min((a / greatestDivisor(a, b)) * b, max), 1)
}
