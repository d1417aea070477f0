import { statfs } from 'node:fs/promises'
import { existsSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { readConfig, type Config } from '../config.ts'
import { messageOf } from '../contracts/errors.ts'
import { migrationNames } from '../db/migrate.ts'
import { openPool } from '../db/pool.ts'
import { databaseUrlOf } from '../run/database.ts'
import { doorsOf, isLoopback, tryListen } from '../run/doors.ts'
import { findEnvoy } from '../run/envoy.ts'
import { homePaths } from '../run/home.ts'
import { readLock } from '../run/lock.ts'
import { listProcesses } from '../run/registry.ts'
import { openApi } from './client.ts'
import { EXIT } from './exit.ts'
import { globalOptions, printRows } from './output.ts'

type Verdict = 'ok' | 'notice' | 'wrong'
interface Finding {
  check: string
  verdict: Verdict
  says: string
}

const DISK_FREE_MIN_BYTES = 2e9
const CLOCK_SKEW_MAX_S = 5

export function register(program: Command): void {
  program
    .command('doctor')
    .description('check this machine and this Heddle, and say what is wrong')
    .addHelpText('after', `\nExits ${EXIT.failed} when something is wrong.\n\nExamples:\n  heddle doctor\n  heddle doctor -o json\n`)
    .action(async (_options: unknown, command: Command) => {
      const findings = await examine(readConfig())
      const { output } = globalOptions(command)
      printRows(output, findings, [
        { title: 'check', value: (row) => row.check },
        { title: 'verdict', value: (row) => row.verdict },
        { title: 'says', value: (row) => row.says },
      ])
      if (findings.some(({ verdict }) => verdict === 'wrong')) process.exitCode = EXIT.failed
    })
}

async function examine(config: Config): Promise<Finding[]> {
  const running = readLock(homePaths(config.home)) !== null
  const checks: [string, () => Promise<Omit<Finding, 'check'>>][] = [
    ['node', async () => ok(`Node ${process.versions.node}, ${process.platform}-${process.arch}`)],
    ['envoy', async () => ok(describeEnvoy(await findEnvoy(config)))],
    ['home', async () => checkHome(config)],
    ['disk', async () => checkDisk(config)],
    ['bind', async () => (isLoopback(config.bind) ? ok(`${config.bind}: this machine alone`) : wrong(`HEDDLE_BIND is ${config.bind}, off loopback`))],
    ['store', async () => checkStore(config)],
    ['processes', async () => checkProcesses(config, running)],
    ['ports', async () => checkPorts(config, running)],
    ['api', async () => (running || config.url ? checkApi(config) : notice('no Heddle runs in this home'))],
  ]
  const findings: Finding[] = []
  for (const [check, look] of checks) findings.push({ check, ...(await look().catch((error: unknown) => wrong(messageOf(error)))) })
  return findings
}

const ok = (says: string) => ({ verdict: 'ok' as const, says })
const notice = (says: string) => ({ verdict: 'notice' as const, says })
const wrong = (says: string) => ({ verdict: 'wrong' as const, says })

const describeEnvoy = ({ path, version }: { path: string; version: string }) => `Envoy ${version} at ${path}`

function checkHome(config: Config) {
  const home = homePaths(config.home)
  if (!existsSync(home.dir)) return notice(`${home.dir} is not there yet; the first start makes it`)
  const open = [home.secretKey, home.credentials, home.postgres].find((path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0)
  return open ? wrong(`${open} can be read by others; chmod 600 it`) : ok(`${home.dir}, its secrets are its owner's alone`)
}

async function checkDisk(config: Config) {
  const { bavail, bsize } = await statfs(existsSync(config.home) ? config.home : '.')
  const free = bavail * bsize
  const words = `${(free / 1e9).toFixed(1)} GB free where the home is`
  return free < DISK_FREE_MIN_BYTES ? wrong(`${words}; PostgreSQL stops at none`) : ok(words)
}

async function checkStore(config: Config) {
  if (!config.databaseUrl && readLock(homePaths(config.home)) === null) return notice('the embedded PostgreSQL is not running')
  const pool = openPool(databaseUrlOf(config), 'heddle-doctor', { max: 1 })
  try {
    const { rows } = await pool.query<{ version: string; number: string; skew: string }>(
      `select current_setting('server_version') as version, current_setting('server_version_num') as number, abs(extract(epoch from clock_timestamp()) - $1) as skew`,
      [Date.now() / 1000],
    )
    const [{ version, number, skew } = { version: '?', number: '0', skew: '0' }] = rows
    if (Number(number) < 150_000) return wrong(`PostgreSQL ${version}; Heddle needs 15 or newer`)
    if (Number(skew) > CLOCK_SKEW_MAX_S) return wrong(`its clock and ours differ by ${Number(skew).toFixed(0)} s; certificates and leases need them closer`)
    const applied = await pool.query<{ name: string }>('select migration_name as name from "_prisma_migrations" where finished_at is not null')
    const missing = (await migrationNames()).filter((name) => !applied.rows.some((row) => row.name === name))
    return missing.length > 0 ? notice(`PostgreSQL ${version}; the next start applies ${missing.join(', ')}`) : ok(`PostgreSQL ${version}, every migration applied`)
  } finally {
    await pool.end()
  }
}

function checkProcesses(config: Config, running: boolean) {
  if (!running) return notice('no supervisor runs here')
  const processes = listProcesses(config.home)
  const missing = ['control', 'collector', 'web'].filter((role) => !processes.some((entry) => entry.role === role && entry.state === 'ready'))
  return missing.length > 0 ? wrong(`not ready: ${missing.join(', ')}; "heddle logs ${missing[0]}" says why`) : ok(`${processes.length} run`)
}

async function checkPorts(config: Config, running: boolean) {
  if (running) return ok('held by this Heddle')
  const taken: string[] = []
  for (const { setting, port } of doorsOf(config, { sample: config.sample !== 'off' })) {
    if (await tryListen(config.bind, port)) taken.push(`${setting} ${port}`)
  }
  return taken.length > 0 ? wrong(`taken by something else: ${taken.join(', ')}`) : ok('free')
}

async function checkApi(config: Config) {
  const api = openApi(config)
  await api.get('/revisions', { limit: 1 })
  return ok(`${api.url} answers, and knows this token`)
}
