// Five-minute certificates and one rotation of the issuing certificate after another, under calls with a handshake each:
// `node bench/rotation-soak.ts [minutes]`. The goal is that no call fails.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { openDb } from '#server/db/client.ts'
import { eventually, openLoop } from '#server/testing/load.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { startSidecarMesh } from '#server/testing/sidecar-mesh.ts'

const MINUTES = Number(process.argv[2] ?? 20)
const PER_SECOND = 20
const BETWEEN_ROTATIONS_MS = 20_000

await using postgres = await ownPostgres()
await using mesh = await startSidecarMesh(openDb(postgres.url, 'heddle-soak'), { HEDDLE_SVID_TTL: '5m' })
const loom = await mesh.join('loom')
const shuttle = await mesh.join('shuttle')
await eventually('loom reaches shuttle', 15_000, async () => (await loom.out.call('shuttle.default.mesh')).status === 200)

const until = Date.now() + MINUTES * 60_000
const through = openLoop(PER_SECOND, () => loom.out.call('shuttle.default.mesh'))
const fresh = openLoop(PER_SECOND, async () => ({ at: Date.now(), ...(await mesh.handshake(loom, shuttle)) }))
const rotationsMs: number[] = []
const stop = () => Promise.all([through.stop(), fresh.stop()])
try {
  do await rotateOnce()
  while (Date.now() < until)
} catch (error) {
  await stop() // before the mesh goes from under them
  throw error
}

const [calls, handshakes] = await stop()
const failed = { calls: calls.filter(({ status }) => status !== 200), handshakes: handshakes.filter(({ status }) => status !== 200) }
const failures = failed.calls.length + failed.handshakes.length
const { rows } = await mesh.db.pool.query<{ n: number }>(`select count(*)::int as n from svid where proxy <> 'control'`)
console.log(`${MINUTES} min, ${rotationsMs.length} rotations, ${rows[0]?.n} certificates, ${calls.length} calls and ${handshakes.length} handshakes: ${failures} failed`)
console.log(`goal 0 failed: ${failures === 0 ? 'met' : 'missed'}`)
await mkdir('bench/results', { recursive: true })
const result = { at: new Date().toISOString(), cores: cpus().length, minutes: MINUTES, rotationsMs, certificates: rows[0]?.n, calls: calls.length, handshakes: handshakes.length, failed }
await writeFile('bench/results/rotation-soak.json', `${JSON.stringify(result, null, 1)}\n`)

async function rotateOnce(): Promise<void> {
  const began = Date.now()
  const id = await mesh.rotate()
  await mesh.rotationAt(id, 'waiting', 'retire', 60_000)
  await mesh.wish(id, 'retire')
  await mesh.rotationAt(id, 'done', 'done', 60_000)
  rotationsMs.push(Date.now() - began)
  console.log(`rotation ${rotationsMs.length} took ${rotationsMs.at(-1)} ms; ${through.results.length + fresh.results.length} calls so far`)
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_ROTATIONS_MS))
}
