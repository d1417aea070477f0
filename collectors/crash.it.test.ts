// Nothing acknowledged is lost: collector and PostgreSQL are killed under load, again and again. The long form is bench/ingest-kills.ts.
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { constants, createGzip, gzipSync, zstdCompressSync } from 'node:zlib'
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
  expect(missing).toEqual([])
  expect(countedTwice).toBe(0)
  expect(acknowledged).toBeGreaterThan(40) // some of each stretch between two kills, also on a busy machine
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

test('while the store takes no writes, senders are told to come again; then it goes on by itself', { timeout: 120_000 }, async () => {
  await using lab = await startCrashLab()
  await lab.loadFor(300)
  await lab.setReadOnly(true)
  const answers = await lab.loadFor(2500)
  expect(answers.slice(8).every((answer) => answer.status === 503 && answer.retryAfter === '1')).toBe(true) // those before may have been under way
  expect(answers.length).toBeGreaterThan(8)
  await lab.setReadOnly(false)
  expect((await lab.loadUntilAccepted(15_000)).status).toBe(200)
  const { missing, countedTwice } = await lab.verify()
  expect([missing, countedTwice]).toEqual([[], 0])
})

const MIB = 1024 * 1024

/** A gzip of `bytes` zeros, made without holding them. */
async function gzipOfZeros(bytes: number): Promise<Buffer> {
  const piece = Buffer.alloc(MIB)
  const zeros = Readable.from((function* () {
    for (let left = bytes / MIB; left > 0; left--) yield piece
  })())
  return Buffer.concat(await zeros.pipe(createGzip({ level: 9 })).toArray())
}

/** Posts as much as the other side takes, till it answers or hangs up. */
function postEndlessly(url: string): Promise<number | 'closed'> {
  const piece = Buffer.alloc(MIB)
  const body = Readable.from((function* () {
    for (;;) yield piece
  })())
  const { promise, resolve } = Promise.withResolvers<number | 'closed'>()
  const post = request(url, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' } }, (answer) => resolve(answer.statusCode ?? 0))
  post.on('error', () => resolve('closed')) // the connection may end before its answer is read
  body.pipe(post)
  return promise.finally(() => [body, post].forEach((stream) => stream.destroy()))
}

test('bombs are refused for good, and cost little memory', { timeout: 180_000 }, async () => {
  await using lab = await startCrashLab()
  await lab.loadFor(1000)
  const before = lab.collectorRssBytes()
  let most = 0
  const watch = setInterval(() => (most = Math.max(most, lab.collectorRssBytes())), 20)
  const post = (body: Uint8Array<ArrayBuffer>, encoding: string) =>
    fetch(lab.url, { method: 'POST', headers: { 'content-type': 'application/x-protobuf', 'content-encoding': encoding }, body }).then((answer) => [answer.status, answer.headers.get('retry-after')])
  const gigabyte = await gzipOfZeros(1024 * MIB)
  expect(gigabyte.length).toBeLessThan(2 * MIB)
  const answers = await Promise.all(Array.from({ length: 6 }, () => post(new Uint8Array(gigabyte), 'gzip')))
  expect(answers).toEqual(answers.map(() => [413, null]))
  expect(await post(new Uint8Array(zstdCompressSync(Buffer.alloc(300 * MIB), { params: { [constants.ZSTD_c_compressionLevel]: 3 } })), 'zstd')).toEqual([413, null])
  expect(await post(new Uint8Array(gzipSync(gigabyte)), 'gzip')).toEqual([400, null]) // unpacked once it is a gzip, and no OTLP
  expect(await post(new Uint8Array(gzipSync(gigabyte)), 'gzip, gzip')).toEqual([415, null])
  expect(await postEndlessly(lab.url)).toBeOneOf([413, 'closed'])
  clearInterval(watch)
  expect(most - before).toBeLessThan(150 * MIB)
  expect((await lab.loadUntilAccepted(10_000)).status).toBe(200)
})
