'use client'
import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { COMPARISONS } from './compare.ts'

/** Everything that the graph page shows is in its URL; time is the console's own. */
export function useGraphParams() {
  return useQueryStates(
    {
      view: parseAsStringLiteral(['graph', 'table']).withDefault('graph'),
      find: parseAsString.withDefault('').withOptions({ throttleMs: 250 }),
      /** What the expression does not match is hidden. */
      only: parseAsBoolean.withDefault(false),
      select: parseAsString,
      group: parseAsString,
      open: parseAsString,
      /** A trace that lies over the graph. */
      trace: parseAsString,
      compare: parseAsStringLiteral(COMPARISONS),
    },
    { history: 'replace' },
  )
}
