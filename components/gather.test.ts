import { expect, test } from 'vitest'
import { gatherMs } from './gather.ts'

test.each(['revisions', 'changes', 'objects', 'proxies', 'identity', 'identities', 'revision/12'])('what somebody did is shown soon: %s', (topic) => {
  expect(gatherMs([topic])).toBeLessThan(1000)
})

test('what telemetry moves is gathered, also beside what somebody did', () => {
  for (const topic of ['graph', 'agents', 'overview', 'telemetry', 'traces']) expect(gatherMs(['revisions', topic]), topic).toBeGreaterThanOrEqual(2000)
})
