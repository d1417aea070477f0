import { expect, test } from 'vitest'
import { takeTurns } from './turns.ts'

test('so many at once, in the order they came, and one that fails makes room', async () => {
  const turns = takeTurns(2)
  const begun: number[] = []
  let inside = 0
  let most = 0
  const work = async (index: number) => {
    begun.push(index)
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 2))
    inside -= 1
    if (index % 3 === 0) throw new Error(`${index} fails`)
    return index
  }
  const results = await Promise.allSettled(Array.from({ length: 7 }, (_, index) => turns(() => work(index))))
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(most).toBe(2)
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected'])
})
