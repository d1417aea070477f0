// lone-control.ts, started, and what it costs by /proc.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

export interface LoneControl extends AsyncDisposable {
  port: number
  pid: number
  /** Resolves when the process has ended. */
  ended: Promise<void>
  /** User and system time so far. */
  cpuMs(): Promise<number>
  residentMiB(): Promise<{ now: number; most: number }>
  /** For each 10 ms since the last call, by how many ms its event loop was late; for one that was started with `late`. */
  lateMs(): Promise<number[]>
}

const TICK_MS = 10 // USER_HZ is 100 on Linux

/** `deadly`: the cluster of whose sending it dies. Throws when it ends before it listens. */
export async function startLoneControl(url: string, { port = 0, deadly, late = false, nodeArguments = [] }: { port?: number; deadly?: string; late?: boolean; nodeArguments?: string[] } = {}): Promise<LoneControl> {
  const child = spawn(process.execPath, [...nodeArguments, new URL('lone-control.ts', import.meta.url).pathname, url, String(port), ...(deadly ? [deadly] : []), ...(late ? ['--late'] : [])], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines = createInterface(child.stdout)
  const nextLine = () => new Promise<string>((resolve) => lines.once('line', resolve))
  const listening = await Promise.race([
    nextLine().then(Number),
    ended.then(() => Promise.reject(new Error('the control process ended before it listened'))),
  ])
  const pid = child.pid! // it has printed its port
  return {
    port: listening,
    pid,
    ended,
    async cpuMs() {
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS
    },
    async residentMiB() {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      const of = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
      return { now: of('VmRSS'), most: of('VmHWM') }
    },
    async lateMs() {
      const answer = nextLine()
      process.kill(pid, 'SIGUSR2')
      return JSON.parse(await answer) as number[] // as lone-control.ts writes it
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
    },
  }
}
