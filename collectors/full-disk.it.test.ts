// The disk of the spans is full: nothing that was acknowledged is lost, and nobody has to help. A small tmpfs is the disk; mounting takes root.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import type { Pool } from '#server/db/pool.ts'
import { startTestCollector } from '#server/testing/collector.ts'
import { freshSpan, requestOf } from '#server/testing/spans.ts'

const MIB = 1024 * 1024

/** A tablespace of so many bytes, owned by the user of PostgreSQL. */
async function smallTablespace(bytes: number): Promise<AsyncDisposable & { name: string; grow(bytes: number): void }> {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-disk-'))
  const name = `disk_${process.pid}`
  const client = new pg.Client({ connectionString: new URL('/postgres', inject('postgresUrl')).href })
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const { uid } = statSync(`/proc/${rows[0]!.pid}`) // every connection has one
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},uid=${uid},mode=700`, 'tmpfs', directory])
  await client.query(`create tablespace ${name} location '${directory}'`)
  return {
    name,
    grow: (size) => void execFileSync('mount', ['-o', `remount,size=${size}`, directory]),
    async [Symbol.asyncDispose]() {
      await client.query(`drop tablespace ${name}`)
      await client.end()
      execFileSync('umount', [directory])
      rmSync(directory, { recursive: true })
    },
  }
}

async function moveToday(pool: Pool, tablespace: string): Promise<void> {
  const { rows } = await pool.query<{ part: string }>(`select parent || to_char(now() at time zone 'UTC', '_YYYYMMDD') as part from unnest(array['span_part', 'span_block']) parent`)
  for (const { part } of rows) await pool.query(`alter table telemetry.${part} set tablespace ${tablespace}`)
}

test.skipIf(process.getuid?.() !== 0)('on a full disk senders are told to come again, what is configured is still written, and it goes on by itself', { timeout: 120_000 }, async () => {
  await using disk = await smallTablespace(2 * MIB)
  await using lab = await startTestCollector()
  await moveToday(lab.db.pool, disk.name)
  const acknowledged: string[] = []
  const send = async () => {
    const spans = Array.from({ length: 500 }, () => freshSpan())
    const answer = await fetch(`${lab.http}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: requestOf(spans) })
    await answer.arrayBuffer()
    if (answer.ok) acknowledged.push(...spans.map((span) => span.spanId))
    return answer
  }
  let answer = await send()
  expect(answer.status).toBe(200)
  for (let sent = 1; answer.status === 200 && sent < 200; sent++) answer = await send()
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  await expect.poll(() => lab.errors.join('\n')).toContain('No space left on device')
  await lab.db.pool.query(`insert into setting (mesh, key, value) values ('local', 'content', '{}')`)
  disk.grow(256 * MIB)
  for (let tries = 0; answer.status !== 200 && tries < 30; tries++) {
    await sleep(500)
    answer = await send()
  }
  expect(answer.status).toBe(200)
  const { rows } = await lab.db.pool.query<{ id: string }>(`select distinct lpad(to_hex(span_id), 16, '0') as id from telemetry.span`)
  const stored = new Set(rows.map((row) => row.id))
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
})
