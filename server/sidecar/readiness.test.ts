import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchReadiness, type Verdict } from './readiness.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What is said after each look, given what each look finds. */
async function watch(verdicts: Verdict[]): Promise<boolean[]> {
  const said: boolean[] = []
  let at = 0
  using readiness = watchReadiness(async () => verdicts[at++] ?? 'silent', () => {})
  for (const _ of verdicts) {
    await vi.advanceTimersByTimeAsync(0)
    said.push(readiness.ready)
    await vi.advanceTimersToNextTimerAsync()
  }
  return said
}

test.each<[string, Verdict[], boolean]>([
  ['one late answer takes nothing out', ['ready', 'silent', 'silent'], true],
  ['lasting silence does', ['ready', 'silent', 'silent', 'silent'], false],
  ['one refusal may be a restart', ['ready', 'refused'], true],
  ['two are not', ['ready', 'refused', 'refused'], false],
  ['silence before the first answer is not readiness', ['silent', 'silent'], false],
  ['it comes back at once', ['ready', 'refused', 'refused', 'ready'], true],
])('%s', async (_, verdicts, last) => {
  expect((await watch(verdicts)).at(-1)).toBe(last)
})
