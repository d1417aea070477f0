// The programs that a supervisor runs, and what each is told: no process gets a secret that it does not need.
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const FILES = { control: 'server/control.ts', collector: 'collectors/main.ts', web: 'server/web.ts' }
/** Of Node. With 8 MiB of young objects and not 16 a collector at full speed holds a quarter less, for no more CPU. */
const FLAGS: { [role in keyof typeof FILES]?: string[] } = { collector: ['--max-semi-space-size=8'] }

/** What Node is started with. */
export function argsOf(role: keyof typeof FILES): string[] {
  return [...(FLAGS[role] ?? []), `${ROOT}${FILES[role]}`, '--role', role]
}

export interface Program {
  role: string
  args: string[]
  env: NodeJS.ProcessEnv
  /** Time it has to answer what it has begun. */
  graceMs: number
  /** So much less than the supervisor's own it weighs where the machine is short of CPU: the console waits first, then telemetry, then control; calls never. */
  niceness: number
}

export interface Handed {
  databaseUrl: string
  secretKey: Record<string, string>
  /** Runs the console from source. */
  dev: boolean
}

/** In starting order; a stop goes backwards. */
export function programsOf(config: Config, handed: Handed): Program[] {
  const { HEDDLE_SECRET_KEY: _key, HEDDLE_SECRET_KEY_FILE: _keyFile, HEDDLE_ADMIN_TOKEN, HEDDLE_ADMIN_TOKEN_FILE, DATABASE_URL_FILE: _urlFile, ...rest } = process.env
  const base = { ...rest, DATABASE_URL: handed.databaseUrl, HEDDLE_HOME: config.home, HEDDLE_PUBLIC_URL: config.publicUrl }
  const admin = { ...(HEDDLE_ADMIN_TOKEN && { HEDDLE_ADMIN_TOKEN }), ...(HEDDLE_ADMIN_TOKEN_FILE && { HEDDLE_ADMIN_TOKEN_FILE }) }
  return [
    { role: 'control', args: argsOf('control'), env: { ...base, ...handed.secretKey }, graceMs: 10_000, niceness: 0 },
    { role: 'collector', args: argsOf('collector'), env: base, graceMs: 10_000, niceness: 2 },
    { role: 'web', args: argsOf('web'), env: { ...base, ...admin, NODE_ENV: handed.dev ? 'development' : 'production' }, graceMs: 10_000, niceness: 4 },
  ]
}

/** The sample fleet is an ordinary user: it has the command line's token and no way to the store. */
export function sampleProgram(config: Config): Program {
  const { DATABASE_URL: _url, DATABASE_URL_FILE: _urlFile, HEDDLE_SECRET_KEY: _key, HEDDLE_SECRET_KEY_FILE: _keyFile, HEDDLE_ADMIN_TOKEN: _token, HEDDLE_ADMIN_TOKEN_FILE: _tokenFile, ...rest } = process.env
  return { role: 'sample', args: [`${ROOT}server/cli/heddle.ts`, 'sample', 'run', '--role', 'sample'], env: { ...rest, HEDDLE_HOME: config.home, HEDDLE_URL: '', HEDDLE_TOKEN: '' }, graceMs: 20_000, niceness: 0 }
}

export { ROOT }
