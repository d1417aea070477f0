import { expect, test } from 'vitest'
import { processApi, provideApi } from './process.ts'

test('a page outside the program that runs the API is told how to start one', () => {
  expect(() => processApi()).toThrow('no API runs in this process: start it with `heddle web`')
  const fetch = () => new Response('here')
  provideApi(fetch)
  expect(processApi()).toBe(fetch)
})
