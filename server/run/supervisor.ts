// Runs a whole Heddle on one machine: everything it starts is started again when it dies, and is gone when it stops.
import { spawn } from 'node:child_process'
import { openPool, type Pool } from '../db/pool.ts'
import { migrate } from '../db/migrate.ts'
import { SAMPLE_LABEL } from '../contracts/meta.ts'
import { MeshError, messageOf } from '../contracts/errors.ts'
import type { Config } from '../config.ts'
import { keepAlive, type Child } from './child.ts'
import { keepPostgresAlive } from './database.ts'
import { doorsOf, refuseOpenDoors, refuseTakenPorts } from './doors.ts'
import { findEnvoy } from './envoy.ts'
import { openHome, type HomePaths } from './home.ts'
import { endInOrder, endLeftovers, ownerMark } from './leftovers.ts'
import { keepLocalToken } from './local-token.ts'
import { takeLock } from './lock.ts'
import { openLog, type Logger } from './log.ts'
import { lastWords, LOG_FILE, logFileOf, rotateLogFile } from './log-file.ts'
import { programsOf, ROOT, sampleProgram, type Program } from './programs.ts'
import { announceProcess, listProcesses, OWNER_VARIABLE } from './registry.ts'
import { secretKeyFor } from './secret-key.ts'

const READY_TIMEOUT_MS = 90_000

export interface SupervisorOptions {
  dev: boolean
  /** Words for the person at the terminal. */
  say: (line: string) => void
  /** Aborts when a stop was asked for, which may be before everything is started. */
  stop: AbortSignal
}

/** Starts everything, says where the console is, and leaves on `things` what a stop takes down backwards. */
export async function supervise(config: Config, things: AsyncDisposableStack, options: SupervisorOptions): Promise<void> {
  const { say, stop } = options
  refuseOpenDoors(config)
  const embedded = config.databaseUrl === ''
  const home = openHome(config.home, { sharedWithPostgres: embedded && process.getuid?.() === 0 })
  things.use(takeLock(home, config.publicUrl))
  process.env[OWNER_VARIABLE] = ownerMark()
  await refuseOrClear(config, home, say)
  const self = things.use(announceProcess({ role: 'supervisor', state: 'starting', home: home.dir }))
  things.use(keepLogsSmall(home))
  const log = openLog('supervisor', config, {}, logFileOf(home.logs, 'supervisor'))

  say(embedded ? 'Database: PostgreSQL in the home' : 'Database: DATABASE_URL')
  const databaseUrl = embedded ? things.use(await keepPostgresAlive(home, log)).url : config.databaseUrl
  stop.throwIfAborted()
  const applied = await migrate(databaseUrl)
  if (applied.length > 0) say(`Database: applied ${applied.join(', ')}`)
  await using pool = disposable(openPool(databaseUrl, 'heddle-supervisor', { max: 1 }))
  const { first } = await keepLocalToken(home, pool, config.publicUrl)
  const wantsSample = await isSampleWanted(config, pool)

  stop.throwIfAborted()

  const run = (program: Program, more: { mayFinish?: boolean; afterDeath?: () => Promise<void> } = {}) => startProgram(program, home, log, things, more)
  const children = programsOf(config, { databaseUrl, secretKey: secretKeyFor(home, config), dev: options.dev }).map((program) => run(program))
  await Promise.all(children.map((child) => sayWhenReady(child, home, options)))
  stop.throwIfAborted()
  await startSample(config, home, wantsSample, run, options)

  self.update({ state: 'ready' })
  if (first) await saySignInLink(config, say)
  say(`Console: ${config.publicUrl}`)
  if (!first) say('Signed out? `npx heddle sign-in` prints a link that signs you in once')
}

/** Leftovers hold our ports, so they go first; then each port is ours, or somebody else's and named. */
async function refuseOrClear(config: Config, home: HomePaths, say: (line: string) => void): Promise<void> {
  const ended = await endLeftovers(home)
  if (ended.length > 0) say(`Ended what an earlier Heddle had left running: ${ended.join(', ')}`)
  await refuseTakenPorts(config.bind, doorsOf(config, { sample: config.sample === 'on' }))
}

function startProgram(program: Program, home: HomePaths, log: Logger, things: AsyncDisposableStack, more: { mayFinish?: boolean; afterDeath?: () => Promise<void> }): Child {
  const child = keepAlive({ ...program, ...more, command: process.execPath, cwd: ROOT, home: home.dir, logs: home.logs, log })
  things.defer(() => child.stop())
  return child
}

async function sayWhenReady(child: Child, home: HomePaths, { say, stop }: SupervisorOptions): Promise<void> {
  if (await child.untilReady(READY_TIMEOUT_MS, stop)) return say(`Started: ${child.role}`)
  if (stop.aborted) return
  const path = logFileOf(home.logs, child.role)
  throw new MeshError('unavailable', `${child.role} did not become ready. Its last words (all of them are in ${path}):\n${lastWords(path)}`)
}

/** `auto` starts the fleet on an empty store, and again for as long as its objects are there. */
async function isSampleWanted(config: Config, pool: Pool): Promise<boolean> {
  if (config.sample !== 'auto') return config.sample === 'on'
  const { rows } = await pool.query<{ wanted: boolean }>('select not exists (select 1 from "object") or exists (select 1 from "object" where labels ? $1) as wanted', [SAMPLE_LABEL])
  return rows[0]?.wanted === true
}

async function startSample(config: Config, home: HomePaths, wanted: boolean, run: (program: Program, more: { mayFinish: boolean; afterDeath: () => Promise<void> }) => Child, options: SupervisorOptions): Promise<void> {
  const envoy = await findEnvoy(config).catch((error: unknown) => messageOf(error))
  if (typeof envoy === 'string') return options.say(`Notice: ${envoy}`)
  options.say(`Envoy: ${envoy.version}`)
  if (!wanted) return
  if (config.sample === 'auto') {
    const taken = await refuseTakenPorts(config.bind, [{ setting: 'HEDDLE_SAMPLE_GATEWAY_PORT', port: config.sampleGatewayPort }]).catch((error: unknown) => messageOf(error))
    if (typeof taken === 'string') return options.say(`Notice: the sample fleet is not started: ${taken}`)
  }
  const parts = () => listProcesses(home.dir).filter((entry) => ['sidecar', 'envoy', 'agent', 'traffic'].includes(entry.role) && entry.owner === process.env[OWNER_VARIABLE])
  const child = run(sampleProgram(config), { mayFinish: true, afterDeath: async () => void (await endInOrder(parts())) })
  options.say('Sample fleet: starting (a handful of agents behind their own Envoys, labelled "sample")')
  void child.untilReady(READY_TIMEOUT_MS, options.stop).then((ready) => options.stop.aborted || options.say(ready ? 'Sample fleet: ready' : `Sample fleet: not ready yet; its words are in ${logFileOf(home.logs, 'sample')}`))
}

/** Printed by the public command, which any later link comes from too. */
async function saySignInLink(config: Config, say: (line: string) => void): Promise<void> {
  const child = spawn(process.execPath, [`${ROOT}server/cli/heddle.ts`, 'sign-in'], { env: { ...process.env, HEDDLE_HOME: config.home, HEDDLE_URL: '', HEDDLE_TOKEN: '' }, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await new Promise((resolve) => child.once('close', resolve))
  for (const line of text.trim().split('\n')) say(line)
}

function keepLogsSmall(home: HomePaths): Disposable {
  const names = ['supervisor', 'postgres', 'control', 'collector', 'web', 'sample']
  const timer = setInterval(() => names.forEach((name) => rotateLogFile(logFileOf(home.logs, name))), LOG_FILE.checkMs)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

function disposable(pool: Pool): Pool & AsyncDisposable {
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() })
}

