import { createReadStream, existsSync, readdirSync, readFileSync, statSync, watchFile } from 'node:fs'
import { InvalidArgumentError, type Command } from 'commander'
import { readConfig } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'
import { homePaths } from '../run/home.ts'
import { logFileOf } from '../run/log-file.ts'

const TAIL_BYTES = 1_000_000
const WATCH_MS = 500

export function register(program: Command): void {
  program
    .command('logs')
    .description('show what the processes of this home said')
    .argument('[names...]', 'control, collector, web, postgres, supervisor, sample …; all when left out')
    .option('-n, --lines <count>', 'how many of the last lines', parseCount, 50)
    .option('-f, --follow', 'go on as more is said', false)
    .addHelpText('after', '\nExamples:\n  heddle logs\n  heddle logs control -n 200\n  heddle logs web -f\n')
    .action((names: string[], options: { lines: number; follow: boolean }) => showLogs(names, options))
}

function showLogs(names: readonly string[], options: { lines: number; follow: boolean }): void {
  const { logs } = homePaths(readConfig().home)
  const known = existsSync(logs) ? readdirSync(logs).filter((file) => file.endsWith('.log')).map((file) => file.slice(0, -'.log'.length)) : []
  const stranger = names.find((name) => !known.includes(name))
  if (stranger !== undefined) throw new MeshError('not_found', `${logs} holds no log of “${stranger}”; there are ${known.join(', ') || 'none yet'}`)
  const wanted = names.length > 0 ? names : known
  for (const name of wanted) {
    if (wanted.length > 1) console.log(`== ${name}`)
    for (const line of lastLines(logFileOf(logs, name), options.lines)) console.log(line)
  }
  if (options.follow) for (const name of wanted) follow(logFileOf(logs, name))
}

function lastLines(path: string, count: number): string[] {
  const bytes = readFileSync(path)
  return bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES)).toString('utf8').split('\n').filter(Boolean).slice(-count)
}

function follow(path: string): void {
  let seen = statSync(path).size
  watchFile(path, { interval: WATCH_MS }, ({ size }) => {
    if (size < seen) seen = 0 // it was rotated
    if (size === seen) return
    createReadStream(path, { start: seen, end: size - 1 }).pipe(process.stdout, { end: false })
    seen = size
  })
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError('a whole number')
  return count
}
