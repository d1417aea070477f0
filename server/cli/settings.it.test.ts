// Commands over what is set for a whole mesh: show prints what set takes.
import { expect, test } from 'vitest'
import { commandLine } from '#server/testing/command-line.ts'
import { testDatabase } from '#server/testing/database.ts'
import { EXIT } from './exit.ts'

test('redaction: a text is tried by rules of a file, and by those in force once they are set', async () => {
  await using db = await testDatabase()
  await using heddle = await commandLine(db)
  const call = 'call ann@example.com, AKIAIOSFODNN7EXAMPLE, badge EMP-123456'
  expect((await heddle.run(['redaction', 'try', call])).stdout).toBe('call ann@example.com, [redacted: api key], badge EMP-123456\n')
  const rules = `builtIn: { emails: true }\ncustom:\n- { name: badge, pattern: 'EMP-\\d{6}' }\n`
  const stored = 'call [redacted: email], [redacted: api key], badge [redacted: badge]\n'
  expect((await heddle.run(['redaction', 'try', call, '-f', '-'], { input: rules })).stdout).toBe(stored)
  expect((await heddle.run(['redaction', 'set', '-f', '-'], { input: rules })).stdout).toMatch(/^on: .*emails.*; rules of your own: 1\n$/)
  expect((await heddle.run(['redaction', 'try', call])).stdout).toBe(stored)
  const shown = (await heddle.run(['redaction', 'show'])).stdout
  expect((await heddle.run(['redaction', 'set', '-f', '-'], { input: shown })).code).toBe(EXIT.ok)
  expect((await heddle.run(['redaction', 'show'])).stdout).toBe(shown)
  const backwards = await heddle.run(['redaction', 'set', '-f', '-'], { input: `custom: [{ name: x, pattern: '(a)\\1' }]` })
  expect([backwards.code, backwards.stdout, backwards.stderr]).toEqual([EXIT.refused, '', expect.stringContaining('x')])
})

test('scrape: targets are set, shown as they were set, and wait for a collector', async () => {
  await using db = await testDatabase()
  await using heddle = await commandLine(db)
  const input = 'items:\n- { name: web, url: "http://127.0.0.1:4191/metrics", workload: { namespace: emojivoto, name: web } }\n'
  expect((await heddle.run(['scrape', 'set', '-f', '-'], { input })).stdout).toBe('scraped: web every 15 s; the first scrape of each counts nothing\n')
  const shown = (await heddle.run(['scrape', 'show'])).stdout
  expect((await heddle.run(['scrape', 'set', '-f', '-'], { input: shown })).code).toBe(EXIT.ok)
  expect((await heddle.run(['scrape', 'status'])).stdout).toMatch(/web\s+waiting/)
  const bad = await heddle.run(['scrape', 'set', '-f', '-'], { input: 'items: [{ name: web, url: "file:///etc/passwd" }]' })
  expect([bad.code, bad.stdout, bad.stderr]).toEqual([EXIT.refused, '', expect.stringContaining('url')])
})
