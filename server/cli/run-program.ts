import { spawn } from 'node:child_process'
import { readConfig } from '../config.ts'
import { databaseUrlOf } from '../run/database.ts'
import { homePaths } from '../run/home.ts'
import { existsSync } from 'node:fs'
import { refuseOpenDoors } from '../run/doors.ts'
import { argsOf } from '../run/programs.ts'

/** Runs one of the programs with its role as an argument, as a supervisor would; its end is this command's end. */
export async function runProgram(role: 'web' | 'control' | 'collector'): Promise<void> {
  const config = readConfig()
  refuseOpenDoors(config)
  const { secretKey } = homePaths(config.home)
  const key = role === 'control' && !config.secretKey && existsSync(secretKey) ? { HEDDLE_SECRET_KEY_FILE: secretKey } : {}
  const child = spawn(process.execPath, argsOf(role), { stdio: 'inherit', env: { ...process.env, ...key, DATABASE_URL: databaseUrlOf(config) } })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  process.exitCode = await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}
