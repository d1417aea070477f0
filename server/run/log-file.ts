// Log files of a home. A child writes to its file by itself, so that it keeps its voice when the supervisor is killed.
import { closeSync, readFileSync, copyFileSync, fsyncSync, openSync, renameSync, statSync, truncateSync, writeSync, existsSync } from 'node:fs'
import { join } from 'node:path'

export const LOG_FILE = { bytesMax: 10_000_000, kept: 5, checkMs: 15_000 }

export const logFileOf = (logs: string, name: string) => join(logs, `${name}.log`)

/** Opens for appending; hand the number to a child as its stdout and stderr, then close it. */
export function openLogFile(logs: string, name: string): { fd: number; path: string } & Disposable {
  const path = logFileOf(logs, name)
  const fd = openSync(path, 'a', 0o600)
  return { fd, path, [Symbol.dispose]: () => closeSync(fd) }
}

/** A file past its size is copied to `.1` (older ones move up) and emptied in place: appenders go on at its start. */
export function rotateLogFile(path: string, bytesMax = LOG_FILE.bytesMax): boolean {
  if (!existsSync(path) || statSync(path).size <= bytesMax) return false
  for (let number = LOG_FILE.kept - 1; number >= 1; number--) {
    if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`)
  }
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  return true
}

/** Appends a line of our own, for a process that has no log of its own such as PostgreSQL. */
export function lineWriter(logs: string, name: string): { write(line: string): void } & Disposable {
  const { fd } = openLogFile(logs, name)
  return {
    write: (line) => void writeSync(fd, `${line}\n`),
    [Symbol.dispose]() {
      fsyncSync(fd)
      closeSync(fd)
    },
  }
}

/** The end of a log, for the terminal of somebody whose start failed. */
export function lastWords(path: string, lines = 12): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '(it said nothing)'
}
