// Nothing acknowledged is lost, at length: `node bench/ingest-kills.ts [kills]` kills collector, PostgreSQL or both at random under load
// (200 times unless said), and pauses PostgreSQL for 30 s in between. Then every acknowledged span id must be stored, and counted once.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startCrashLab, type Victim } from '#server/testing/crash-lab.ts'

const KILLS = Number(process.argv[2] ?? 200)
const PAUSE_MS = KILLS >= 100 ? 30_000 : 5000
const VICTIMS: readonly Victim[] = ['collector', 'postgres', 'both']
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))

const startedAt = new Date()
await using lab = await startCrashLab()
const kills: Record<Victim, number> = { collector: 0, postgres: 0, both: 0 }
for (let kill = 0; kill < KILLS; kill++) {
  const victim = VICTIMS[Math.floor(Math.random() * VICTIMS.length)]! // in bounds
  await lab.loadFor(100 + Math.random() * 700)
  await lab.kill(victim)
  await lab.loadFor(200)
  await lab.revive()
  kills[victim]++
  if (kill === Math.floor(KILLS / 2)) await pause()
  if ((kill + 1) % 10 === 0) console.log(`${kill + 1} of ${KILLS} kills`)
}
await lab.loadFor(1000)
const { acknowledged, missing, countedTwice } = await lab.verify()
const report = { startedAt, seconds: (Date.now() - startedAt.getTime()) / 1000, kills, pauseMs: PAUSE_MS, acknowledged, missing: missing.length, countedTwice }
console.log(report)
console.log(`acknowledged and missing   ${missing.length}   goal 0: ${missing.length === 0 ? 'met' : 'missed'}`)
console.log(`calls counted too often    ${countedTwice}   goal 0: ${countedTwice === 0 ? 'met' : 'missed'}`)
await mkdir(RESULTS, { recursive: true })
await writeFile(join(RESULTS, `ingest-kills-${startedAt.toISOString().replaceAll(/[:.]/g, '-')}.json`), JSON.stringify(report))

async function pause(): Promise<void> {
  lab.freezePostgres()
  const before = lab.collectorRssBytes()
  await lab.loadFor(PAUSE_MS)
  console.log(`PostgreSQL stood still for ${PAUSE_MS / 1000} s: the collector grew by ${((lab.collectorRssBytes() - before) / 1e6).toFixed(0)} MB`)
  lab.thawPostgres()
  await sleep(500)
}
