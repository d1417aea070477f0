import { expect, test } from 'vitest'
import { renewalDelayMs } from './identity-keeper.ts'

test('a certificate that lives for no time, beneath an issuer that runs out, is not renewed in a circle', () => {
  const now = Date.now()
  for (const lifeMs of [0, 10, 1000]) expect(renewalDelayMs({ heldSince: now, notAfter: new Date(now + lifeMs).toISOString() }, now)).toBeGreaterThanOrEqual(1000)
  const day = renewalDelayMs({ heldSince: now, notAfter: new Date(now + 86_400_000).toISOString() }, now)
  expect(day / 86_400_000).toBeGreaterThanOrEqual(0.5)
  expect(day / 86_400_000).toBeLessThan(0.6001)
})
