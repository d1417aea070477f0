import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BATCH, openBatch } from './batch.ts'

const MIB = 1024 * 1024

test('a sender that is alone in its line is in the next commit, however much a loud one has waiting', async () => {
  const commits: string[][] = []
  await using batch = openBatch<string>(async (rows) => {
    commits.push([...rows])
    await sleep(5)
  }, () => {})
  const loud = Array.from({ length: 40 }, () => batch.add(['loud'], MIB, 'loud'))
  await sleep(BATCH.gatherMs + 2) // the first of them are on their way
  await batch.add(['quiet'], 1000, 'quiet')
  expect(commits.findIndex((rows) => rows.includes('quiet'))).toBeLessThanOrEqual(2)
  await Promise.all(loud)
  expect(commits.flat().filter((row) => row === 'loud')).toHaveLength(40)
})

test('one sender never has all that may wait: others are still taken', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await using batch = openBatch<string>(() => promise, () => {})
  const loud = Array.from({ length: 60 }, () => batch.add(['loud'], MIB, 'loud').then(() => 'stored', (error: Error) => error.message))
  const quiet = batch.add(['quiet'], MIB, 'quiet').then(() => 'stored')
  const told = await Promise.race([loud.at(-1), sleep(500)])
  expect(told).toBe(`${BATCH.senderBytesMax} bytes of this sender already wait to be stored; send it again`)
  expect(batch.waitingBytes).toBe(BATCH.senderBytesMax + MIB)
  resolve()
  expect(await quiet).toBe('stored')
  await Promise.all(loud)
  expect(batch.waitingBytes).toBe(0)
})

test('a request within the limit of a body is taken from a sender that has nothing else waiting', async () => {
  await using batch = openBatch<string>(async () => {}, () => {})
  await batch.add(['large'], 63 * MIB, 'one')
})
