import { expect, test } from 'vitest'
import { ByteTable } from './byte-table.ts'

test.each([[1000, 300], [100, 900]])('every key has its own value; a table of %i makes %i of them', (limit, times) => {
  let made = 0
  const table = new ByteTable(limit, (bytes, from, to) => {
    made++
    return bytes.toString('utf8', from, to)
  })
  const keys = Array.from({ length: 300 }, (_, index) => `key.${index * 7919}`)
  const bytes = Buffer.from(keys.join(''))
  for (let round = 0; round < 3; round++) {
    let at = 0
    for (const key of keys) expect(table.get(bytes, at, (at += key.length))).toBe(key)
  }
  expect(made).toBe(times)
  expect(table.get(Buffer.alloc(0), 0, 0)).toBe('')
  const long = Buffer.alloc(1000, 'x')
  expect(table.get(long, 0, 1000)).toBe('x'.repeat(1000))
})
