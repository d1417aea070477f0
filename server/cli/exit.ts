import { MeshError, messageOf, type FailureCode } from '../contracts/errors.ts'

/** What a script can tell apart by the exit code. */
export const EXIT = { ok: 0, failed: 1, usage: 2, refused: 3, conflict: 4, unavailable: 5 } as const

const BY_FAILURE: Partial<Record<FailureCode, number>> = {
  invalid: EXIT.refused,
  bad_request: EXIT.refused,
  forbidden: EXIT.refused,
  unauthenticated: EXIT.refused,
  conflict: EXIT.conflict,
  precondition_required: EXIT.conflict,
  unavailable: EXIT.unavailable,
}

/** Prints the sentence, and each problem at its place, on stderr; returns the exit code. */
export function reportFailure(error: unknown): number {
  console.error(messageOf(error))
  if (!(error instanceof MeshError)) return EXIT.failed
  for (const problem of error.problems) console.error(`  ${problem.pointer || '/'}  ${problem.detail} (${problem.code})`)
  return BY_FAILURE[error.code] ?? EXIT.failed
}
