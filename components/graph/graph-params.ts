'use client'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { COMPARISONS } from './compare.ts'

/** Everything that the graph page shows is in its URL; time is the console's own. */
export function useGraphParams() {
  return useQueryStates(
    {
      view: parseAsStringLiteral(['graph', 'table']).withDefault('graph'),
      find: parseAsString.withDefault('').withOptions({ throttleMs: 250 }),
      select: parseAsString,
      group: parseAsString,
      open: parseAsString,
      compare: parseAsStringLiteral(COMPARISONS),
    },
    { history: 'replace' },
  )
}
