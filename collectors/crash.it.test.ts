// Nothing acknowledged is lost: collector and PostgreSQL are killed under load, again and again. The long form is bench/ingest-kills.ts.
import { expect, test } from 'vitest'
import { startCrashLab } from '#server/testing/crash-lab.ts'

test('every acknowledged span is stored through kill -9 of the collector and of PostgreSQL', { timeout: 180_000 }, async () => {
  await using lab = await startCrashLab()
  for (const victim of ['collector', 'postgres', 'both', 'collector', 'postgres'] as const) {
    await lab.loadFor(700)
    await lab.kill(victim)
    await lab.loadFor(300)
    await lab.revive()
  }
  await lab.loadFor(500)
  const { acknowledged, missing, countedTwice } = await lab.verify()
  expect(acknowledged).toBeGreaterThan(100)
  expect(missing).toEqual([])
  expect(countedTwice).toBe(0)
})

test('while PostgreSQL hangs, senders are told within a second to come again, and memory stays', { timeout: 120_000 }, async () => {
  await using lab = await startCrashLab()
  await lab.loadFor(500)
  const before = lab.collectorRssBytes()
  lab.freezePostgres()
  const answers = await lab.loadFor(6000)
  const during = lab.collectorRssBytes()
  lab.thawPostgres()
  const refused = answers.filter((answer) => answer.status === 503)
  expect(refused.length).toBeGreaterThan(5)
  expect(refused.every((answer) => answer.retryAfter === '1')).toBe(true)
  expect(Math.max(...refused.map((answer) => answer.tookMs))).toBeLessThan(2500) // a second, on a machine that does much else
  expect(during - before).toBeLessThan(150 * 1024 * 1024)
  expect((await lab.loadUntilAccepted(15_000)).status).toBe(200)
  expect((await lab.verify()).missing).toEqual([])
})
