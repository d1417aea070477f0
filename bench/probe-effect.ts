// From failing to the last call: how long each kind of probe takes, through a real Envoy: `node bench/probe-effect.ts [rounds]`.
// An instance is probed each 0.5 s and is out after one failure; the time counts from the failure itself, not from when it was seen.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { openDb } from '#server/db/client.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { startProbeLab } from '#server/testing/probe-lab.ts'

const GOAL_P95_MS = 2000
const ROUNDS = Number(process.argv[2] ?? 50)

await using postgres = await ownPostgres()
await using lab = await startProbeLab(openDb(postgres.url, 'heddle-bench'))
const measured: Record<string, number[]> = {}
for (let round = 0; round < ROUNDS; round++) {
  for (const [kind, ms] of Object.entries(await lab.round())) (measured[kind] ??= []).push(ms)
}
const at = (all: readonly number[], share: number) => all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0
const kinds = Object.entries({ ...measured, all: Object.values(measured).flat() }).map(([kind, ms]) => ({ kind, p50: at(ms, 0.5), p95: at(ms, 0.95), most: Math.max(...ms) }))
for (const { kind, p50, p95, most } of kinds) console.log(`${kind}: p50 ${p50} ms, p95 ${p95} ms, most ${most} ms${kind === 'all' ? `   goal p95 ${GOAL_P95_MS} ms: ${p95 <= GOAL_P95_MS ? 'met' : 'missed'}` : ''}`)
await mkdir('bench/results', { recursive: true })
await writeFile('bench/results/probe-effect.json', `${JSON.stringify({ at: new Date().toISOString(), cpus: cpus().length, rounds: ROUNDS, goalP95Ms: GOAL_P95_MS, kinds }, null, 1)}\n`)
