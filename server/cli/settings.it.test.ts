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

test('alerts: what runs is listed, silenced for a while, and heard again', async () => {
  await using db = await testDatabase()
  await using heddle = await commandLine(db)
  await db.pool.query(`insert into alert (id, mesh, namespace, objective, speed, peak) values ('a', 'local', 'default', 'answers', 'fast', 5)`)
  expect((await heddle.run(['alerts', '--running'])).stdout).toMatch(/default\/answers\s+fast.*runs\s+5\.0/)
  const { stdout } = await heddle.run(['alerts', 'silence', 'answers', '--minutes', '5', '--reason', 'we know'])
  const [, id = ''] = /unsilence (\S+) ends it/.exec(stdout) ?? []
  expect((await heddle.run(['alerts', 'silences'])).stdout).toMatch(new RegExp(`${id}\\s+default/answers.*we know`))
  expect((await heddle.run(['alerts', 'unsilence', id])).stdout).toBe('the silence is over\n')
  expect((await heddle.run(['alerts', 'silences', '-o', 'json'])).stdout).toBe('[]\n')
  expect(await heddle.run(['alerts', 'unsilence', id])).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining('no such silence, or it is over') })
  await db.pool.query(`insert into objective_state (mesh, namespace, name, state, calls, good, budget_left, burn, cost) values
    ('local', 'default', 'answers', 'burning', 100, 90, 0.25, '{"1h": 5.21, "6h": null}', null), ('local', 'default', 'bill', 'met', 40, 0, 0.75, '{"1h": 1}', '{"spent": 1.5, "allowed": 6, "currency": "EUR", "unpricedTokens": 0}')`)
  const states = (await heddle.run(['alerts', 'objectives'])).stdout
  expect(states).toMatch(/default\/answers\s+burning\s+25\.0 %\s+5\.2\s+\S+\s+100\s+10/)
  expect(states).toMatch(/default\/bill\s+met\s+75\.0 %\s+1\.0.*1\.5000 of 6\.0000 EUR/)
  expect((await heddle.run(['alerts', 'silence', '--minutes', 'soon'])).stderr).toContain('whole number')
})
