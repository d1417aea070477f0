import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BATCH, openBatch } from './batch.ts'

const MIB = 1024 * 1024

test('a sender that is alone in its line is in the next commit, however much a loud one has waiting', async () => {
  const commits: string[][] = []
  await using batch = openBatch<string>(async (rows) => async () => {
    commits.push([...rows])
    await sleep(5)
  }, () => {})
  const loud = Array.from({ length: 40 }, () => batch.add(['loud'], MIB, 'loud'))
  await sleep(BATCH.gatherMs + 2) // the first of them are on their way
  const before = commits.length
  await batch.add(['quiet'], 1000, 'quiet')
  expect(commits.findIndex((rows) => rows.includes('quiet')) - before).toBeLessThanOrEqual(2) // one is on its way, one laid out
  await Promise.all(loud)
  expect(commits.flat().filter((row) => row === 'loud')).toHaveLength(40)
})

test('one sender never has all that may wait: others are still taken', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await using batch = openBatch<string>(async () => () => promise, () => {})
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

test('of senders whose every request fills a commit each has its turn', async () => {
  const commits: string[][] = []
  await using batch = openBatch<string>(async (rows) => async () => {
    commits.push([...rows])
    await sleep(5)
  }, () => {})
  const loud = Array.from({ length: 20 }, () => batch.add(['loud'], 2 * MIB, 'loud'))
  await Promise.all(['a', 'b'].map((sender) => batch.add([sender], 2 * MIB, sender)))
  expect(commits.findIndex((rows) => rows.includes('b'))).toBeLessThanOrEqual(4)
  await Promise.all(loud)
})

test('the next commit is laid out while the one before is on its way, and waits for it', async () => {
  const said: string[] = []
  const first = Promise.withResolvers<void>()
  await using batch = openBatch<string>(async (rows) => {
    said.push(`lays out ${rows.join()}`)
    return async () => {
      said.push(`commits ${rows.join()}`)
      if (rows[0] === 'a') await first.promise
      if (rows[0] === 'b') throw new Error('the store is away')
    }
  }, () => {}, { ...BATCH, waitMs: 300 })
  const [a, b] = [batch.add(['a'], 2 * MIB, 'one'), batch.add(['b'], 2 * MIB, 'one').catch((error: Error) => error.message)]
  await sleep(100)
  const early = said.toSorted()
  first.resolve()
  await a
  expect(await b).toContain('send it again') // and is tried until then
  expect(early).toEqual(['commits a', 'lays out a', 'lays out b'])
  expect(said.slice(3, 6)).toEqual(['commits b', 'lays out b', 'commits b'])
})

test('where commits take long they are larger, and small again when they do not', async () => {
  const commits: number[] = []
  let tookMs = 300
  await using batch = openBatch<string>(async (rows) => async () => {
    commits.push(rows.length)
    await sleep(tookMs)
  }, () => {}, { ...BATCH, waitMs: 60_000, slowMs: 200, commitBytes: MIB, slowCommitBytes: 4 * MIB })
  await Promise.all(Array.from({ length: 8 }, () => batch.add(['row'], MIB, 'one')))
  expect(Math.max(...commits)).toBe(4)
  tookMs = 0
  for (let times = 0; times < 3; times++) await batch.add(['row'], MIB, 'one')
  commits.length = 0
  await Promise.all(Array.from({ length: 8 }, () => batch.add(['row'], MIB, 'one')))
  expect(commits[0]).toBe(1)
})

test('a request within the limit of a body is taken from a sender that has nothing else waiting', async () => {
  await using batch = openBatch<string>(async () => async () => {}, () => {})
  await batch.add(['large'], 63 * MIB, 'one')
})
