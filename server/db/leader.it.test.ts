import { expect, test } from 'vitest'
import { testDatabase } from '../testing/database.ts'
import { electLeader } from './leader.ts'

const untilAborted = (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('one of two leads; when it stops, the other does', async () => {
  await using db = await testDatabase()
  const terms: string[] = []
  const stand = (who: string) =>
    electLeader(db.url, {
      name: 'retention',
      lead: async (signal) => {
        terms.push(who)
        await untilAborted(signal)
      },
    })
  const first = stand('first')
  await until('the first leads', () => first.leading)
  await using second = stand('second')
  await new Promise((resolve) => setTimeout(resolve, 1500)) // longer than one try of the second
  expect(terms).toEqual(['first'])
  await first[Symbol.asyncDispose]()
  await until('the second leads', () => second.leading)
  expect(terms).toEqual(['first', 'second'])
})

test('a leader whose connection is cut stops leading and is elected again', async () => {
  await using db = await testDatabase()
  let terms = 0
  await using leader = electLeader(db.url, {
    name: 'probes',
    lead: async (signal) => {
      terms += 1
      await untilAborted(signal)
    },
  })
  await until('it leads', () => leader.leading)
  await db.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'heddle-leader-probes' and datname = current_database()`)
  await until('it was elected again', () => terms === 2 && leader.leading)
})

test('different names are led side by side', async () => {
  await using db = await testDatabase()
  await using one = electLeader(db.url, { name: 'one', lead: untilAborted })
  await using two = electLeader(db.url, { name: 'two', lead: untilAborted })
  await until('both lead', () => one.leading && two.leading)
})
