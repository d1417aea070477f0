import type { z } from 'zod'
import type { Analysis } from '#server/contracts/analysis.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading } from '#components/mesh/call.ts'
import { TOPICS } from '#components/mesh/topics.ts'

const EVERY_MS = 15_000

/** One answer for every place of a page that asks. */
export function useAnalysis() {
  return useLiveQuery<z.infer<typeof Analysis>>({ ...reading<z.infer<typeof Analysis>>(asks.analysis()), topics: TOPICS.revisions, everyMs: EVERY_MS })
}
