import { expect, test } from 'vitest'
import { placeInTime } from './time.ts'

test('a start keeps its microsecond, whichever it is', () => {
  const nowUs = 1_763_862_500_000_000
  const wrong: number[] = []
  for (let step = 0; step < 3000; step++) {
    const startUs = nowUs - 10_000_000 + step * 1009 + (step % 2) * 991
    const bytes = Buffer.alloc(16)
    bytes.writeBigUInt64LE(BigInt(startUs) * 1000n)
    bytes.writeBigUInt64LE(BigInt(startUs) * 1000n + 5_000_999n, 8)
    const place = placeInTime(bytes, 0, 8, { nowUs, retentionUs: 3_600e6 })
    if (place.timeUs !== startUs || place.durationUs !== 5000 || place.flags !== 0) wrong.push(place.timeUs - startUs)
  }
  expect(wrong).toEqual([])
})
