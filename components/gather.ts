/** Messages closer than this lead to one reading; what telemetry moves all the time is read less often. */
const GATHER_MS = { rare: 400, steady: 2000 }
const STEADY_TOPICS: ReadonlySet<string> = new Set(['graph', 'agents', 'overview', 'telemetry', 'traces'])

/** Milliseconds from the first message of these topics to the reading that it asks for. */
export function gatherMs(topics: readonly string[]): number {
  return topics.some((topic) => STEADY_TOPICS.has(topic)) ? GATHER_MS.steady : GATHER_MS.rare
}
