// Minutes without control, then minutes without PostgreSQL, under calls between two agents; web and collector are away all along.
// `node bench/outage.ts [minutes] [proxies] [--rate 300] [--only control|PostgreSQL]`, by default 5 minutes and 2 proxies. Goals: no call fails,
// and every proxy is back within seconds of the end of each outage.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openDb } from '#server/db/client.ts'
import { eventually, openLoop } from '#server/testing/load.ts'
import { ownPostgres } from '#server/testing/own-postgres.ts'
import { startSidecarMesh } from '#server/testing/sidecar-mesh.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { rate: { type: 'string', default: '300' }, only: { type: 'string' } } })
const [MINUTES, PROXIES, PER_SECOND] = [Number(positionals[0] ?? 5), Number(positionals[1] ?? 2), Number(values.rate)]
const GOALS = { failed: 0, backMs: 7000 }

await using postgres = await ownPostgres()
await using mesh = await startSidecarMesh(openDb(postgres.url, 'heddle-outage'))
const loom = await mesh.join('loom')
await mesh.join('shuttle')
for (let index = 2; index < PROXIES; index++) await mesh.join(`bobbin-${index}`) // they hold what they have, and come back
await eventually('loom reaches shuttle', 15_000, async () => (await loom.out.call('shuttle.default.mesh')).status === 200)

const outages: { without: string; calls: number; failed: number; backMs: number }[] = []
if (values.only !== 'PostgreSQL') await without('control', () => mesh.control.kill(), () => mesh.control.start())
if (values.only !== 'control') await without('PostgreSQL', () => postgres.kill(), () => postgres.start())
for (const { without, calls, failed, backMs } of outages) {
  console.log(`${MINUTES} min without ${without}: ${calls} calls, ${failed} failed (goal ${GOALS.failed}: ${failed === GOALS.failed ? 'met' : 'missed'})`)
  console.log(`  ${PROXIES} proxies back ${backMs} ms after it came again (goal ${GOALS.backMs}: ${backMs <= GOALS.backMs ? 'met' : 'missed'})`)
}
await mkdir('bench/results', { recursive: true })
await writeFile('bench/results/outage.json', `${JSON.stringify({ at: new Date().toISOString(), cores: cpus().length, minutes: MINUTES, proxies: PROXIES, perSecond: PER_SECOND, goals: GOALS, outages }, null, 1)}\n`)

async function without(name: string, end: () => Promise<void>, begin: () => Promise<void>): Promise<void> {
  console.log(`without ${name} for ${MINUTES} min …`)
  const load = openLoop(PER_SECOND, () => loom.out.call('shuttle.default.mesh'))
  await sleep(1000)
  await end()
  await sleep(MINUTES * 60_000)
  await begin()
  const came = Date.now()
  await eventually('every proxy is connected again', 60_000, areConnected)
  const backMs = Date.now() - came
  await sleep(2000)
  const results = await load.stop()
  outages.push({ without: name, calls: results.length, failed: results.filter(({ status }) => status !== 200).length, backMs })
}

async function areConnected(): Promise<boolean> {
  const { rows } = await mesh.db.pool.query<{ n: number }>(
    `select count(*)::int as n from proxy p join control_process c on c.id = p.control_id where c.heartbeat_at > now() - interval '2 s' and p.last_seen > now() - interval '4 s'`,
  )
  return rows[0]?.n === PROXIES
}
