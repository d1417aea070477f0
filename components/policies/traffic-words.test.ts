import { expect, test } from 'vitest'
import { TrafficPolicySpec } from '#server/contracts/traffic-policy.ts'
import { describeTraffic } from './traffic-words.ts'

const say = (spec: Record<string, unknown>) => describeTraffic(TrafficPolicySpec.parse({ targetRefs: [{ name: 'writer' }], ...spec }))

test.each([
  [{}, ['It says nothing yet: every default stands.']],
  [{ loadBalancer: { policy: 'RingHash', hashHeader: 'x-user' } }, ['Calls stay with one instance by the header x-user.']],
  [{ loadBalancer: { policy: 'RoundRobin', slowStart: { window: '30s' } } }, ['Calls go to the ready instances in turn; a new instance gets its full share after 30s.']],
  [{ locality: {} }, ['Calls stay in the caller’s zone while 70 % of it is healthy.']],
  [{ circuitBreaker: { maxRequests: 8, maxPendingRequests: 2 } }, ['Each caller may have 8 calls at once, 2 waiting; more is answered 503 at once.']],
  [{ connections: { connectTimeout: '2s', keepalive: {} } }, ['A connection is given up after 2s, is checked every 30s.']],
  [{ outlierDetection: { consecutive5xx: 5 }, panicThresholdPercent: 0 }, ['An instance is left out for 30s after 5 answers of 5xx in a row, at most 50 % of them. Below 0 % healthy instances all are used again.']],
  [{ rateLimit: { requests: 10, perCaller: true, burst: 20 } }, ['An instance takes 10 calls per 1s from each caller, 20 at once after a quiet time; more is answered 429.']],
  [{ fault: { abort: { status: 503, percent: 5 }, header: { name: 'x-chaos', value: 'yes' } } }, ['On purpose, 5 % of the calls with x-chaos: yes are answered 503.']],
])('a traffic policy reads as sentences (%#)', (spec, words) => {
  expect(say(spec)).toEqual(words)
})
