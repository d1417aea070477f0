import { expect, test } from 'vitest'
import type { Db } from '../db/client.ts'
import { startRecorder } from './recorder.ts'

/** A store whose reads answer as `read` says. */
const storeOf = (read: () => Promise<{ rows: { agent: string }[] }>) => ({ pool: { query: (sql: string) => (sql.startsWith('select') ? read() : Promise.resolve({ rows: [] })) } }) as unknown as Db // no more of it is used

test.each([
  ['hangs', () => new Promise<never>(() => {}), []],
  ['fails', () => Promise.reject(new Error('the store is away')), ['cannot read whose conversation it is: the store is away']],
])('while the store %s, a conversation that nobody remembers counts as new, in time for its decision', async (_, read, said) => {
  const errors: string[] = []
  await using recorder = startRecorder(storeOf(read), 'local', (error) => errors.push(error.message))
  const began = performance.now()
  expect(await recorder.agentOf('default/ask', 'talk')).toBe(null)
  expect(performance.now() - began).toBeLessThan(250)
  expect(errors).toEqual(said)
  recorder.keep('default/ask', 'talk', 'default/cook')
  expect(recorder.agentOf('default/ask', 'talk')).toBe('default/cook')
})

test('what the store answers late does not take a conversation from whom it was given to meanwhile', async () => {
  const late = Promise.withResolvers<{ rows: { agent: string }[] }>()
  await using recorder = startRecorder(storeOf(() => late.promise), 'local', () => {})
  expect(await recorder.agentOf('default/ask', 'talk')).toBe(null)
  recorder.keep('default/ask', 'talk', 'default/cook')
  late.resolve({ rows: [{ agent: 'default/lawyer' }] })
  await late.promise
  expect(await recorder.agentOf('default/ask', 'talk')).toBe('default/cook')
})

test('one that another process was given is remembered', async () => {
  let reads = 0
  await using recorder = startRecorder(storeOf(async () => ({ rows: [{ agent: `default/cook${++reads}` }] })), 'local', () => {})
  expect(await recorder.agentOf('default/ask', 'talk')).toBe('default/cook1')
  expect(recorder.agentOf('default/ask', 'talk')).toBe('default/cook1')
})
