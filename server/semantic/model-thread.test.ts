import { expect, test } from 'vitest'
import { SHIPPED_MODEL } from './embedder.ts'
import { openModel } from './model.ts'
import { openModelInThread } from './model-thread.ts'

test('a thread reckons the same vectors; the shortest job goes first; one job too many is refused', { timeout: 60_000 }, async () => {
  const [here, there] = [await openModel(SHIPPED_MODEL), await openModelInThread(SHIPPED_MODEL)]
  const texts = ['translate this into Dutch', 'a recipe for tomato soup']
  expect(await there(texts)).toEqual(await here(texts))
  expect(await there([])).toEqual([])
  const order: string[] = []
  const long = there(Array.from({ length: 40 }, (_, index) => `skill number ${index}`)).then(() => order.push('long'))
  await Promise.all([long, there(['one task']).then(() => order.push('short'))])
  expect(order).toEqual(['short', 'long'])
  const many = Array.from({ length: 300 }, (_, index) => there([`task ${index}`]))
  const refused = (await Promise.allSettled(many)).flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  expect([refused.length, refused[0]]).toEqual([44, expect.stringContaining('as many tasks wait')])
})

test('a directory without a model is refused in words', async () => {
  await expect(openModelInThread('/nonexistent')).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('HEDDLE_EMBEDDINGS') })
})
