// The runner writes down what it started, so that the next one, after a kill, can end it by pid and start time.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { endProcess } from '#server/run/end-process.ts'
import type { RunningChild } from './processes.ts'

const Started = z.array(z.strictObject({ pid: z.number().int(), startedAt: z.string() }))
const GRACE_MS = 8000

/** Keeps the list of running children in `file`. */
export function writeStarted(file: string, children: readonly RunningChild[]): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, JSON.stringify(children), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Ends what an earlier runner left; a pid that now belongs to another process is left alone. */
export async function endStarted(file: string): Promise<void> {
  const left = readStarted(file)
  await Promise.all(left.map((child) => endProcess(child, { graceMs: GRACE_MS })))
}

function readStarted(file: string): RunningChild[] {
  try {
    return Started.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return [] // the first start
  }
}
