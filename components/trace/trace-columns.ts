import { parseAsArrayOf, parseAsStringLiteral, useQueryState } from 'nuqs'

export const COLUMN_IDS = ['began', 'at', 'took', 'spans', 'failed', 'services', 'tokens', 'tokensIn', 'tokensOut', 'id'] as const
export type ColumnId = (typeof COLUMN_IDS)[number]
export const USUAL: ColumnId[] = ['began', 'took', 'spans', 'services', 'tokens']

/** The columns of the list of traces, in their own order; they stand in the URL when they are not the usual ones. */
export function useTraceColumns() {
  const [chosen, setChosen] = useQueryState('columns', parseAsArrayOf(parseAsStringLiteral(COLUMN_IDS)).withDefault(USUAL).withOptions({ history: 'replace' }))
  const inOrder = (ids: readonly ColumnId[]) => COLUMN_IDS.filter((id) => ids.includes(id))
  return {
    columns: inOrder(chosen),
    choose: (ids: readonly ColumnId[]) => void setChosen(inOrder(ids).join() === USUAL.join() ? null : inOrder(ids)),
  }
}
