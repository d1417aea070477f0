import { pino, type Logger } from 'pino'
import type { Config } from '../config.ts'

export type { Logger }

/** One JSON object a line on stdout (or to `file`); the supervisor keeps them in `logs/ROLE.log` of the home. Secrets never get here: hand in words. */
export function openLog(role: string, config: Pick<Config, 'logLevel'>, bindings: Record<string, string> = {}, file?: string): Logger {
  return pino(
    {
      level: config.logLevel,
      base: { role, pid: process.pid, ...bindings },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['token', 'password', 'authorization', 'headers.authorization', 'headers.cookie', 'key', '*.token', '*.password', '*.key'], censor: '[secret]' },
    },
    pino.destination({ ...(file === undefined ? { fd: 1 } : { dest: file, append: true, mode: 0o600 }), sync: true }), // what was said is in the file even when the next line kills the process
  )
}
