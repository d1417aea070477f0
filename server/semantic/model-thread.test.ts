import { Worker } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'
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

test('a thread that dies fails whoever waits, in words, and the next text begins another with the same vectors', { timeout: 60_000 }, async () => {
  const threads = new Set<Worker>()
  const post = Worker.prototype.postMessage
  const spy = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...message: Parameters<typeof post>) {
    threads.add(this)
    return post.apply(this, message)
  })
  const model = await openModelInThread(SHIPPED_MODEL)
  const [before] = await model(['a recipe for tomato soup'])
  const waiting = [model(Array.from({ length: 40 }, (_, index) => `skill number ${index}`)), model(['another'])]
  for (const thread of threads) await thread.terminate()
  for (const job of waiting) await expect(job).rejects.toMatchObject({ code: 'unavailable', message: 'the model’s thread ended' })
  expect(await model(['a recipe for tomato soup'])).toEqual([before])
  expect(threads.size).toBe(2)
  spy.mockRestore()
})
