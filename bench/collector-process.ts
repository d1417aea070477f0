// A collector in a process of its own, for one run of a benchmark.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '#server/testing/free-port.ts'
import { argsOf } from '#server/run/programs.ts'
import type { OwnPostgres } from '#server/testing/own-postgres.ts'

export interface CollectorProcess extends AsyncDisposable {
  pid: number
  /** Of traces over HTTP. */
  url: string
}

/** Takes spans when it resolves. `profile` is a directory for what it did with its CPU, written when it ends. */
export async function startCollectorProcess(postgres: OwnPostgres, options: { profile?: string | undefined } = {}): Promise<CollectorProcess> {
  const httpPort = await freePort()
  const child = spawn(process.execPath, [...(options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : []), ...argsOf('collector')], {
    env: { ...process.env, HEDDLE_HOME: join(postgres.directory, 'home'), DATABASE_URL: postgres.url, HEDDLE_OTLP_HTTP_PORT: String(httpPort), HEDDLE_OTLP_GRPC_PORT: String(await freePort()), HEDDLE_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const collector = {
    pid: child.pid!, // it has started, or the answer below does not come
    url: `http://127.0.0.1:${httpPort}/v1/traces`,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await ended
    },
  }
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await fetch(collector.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then((answer) => answer.ok, () => false)) return collector
    await sleep(100)
  }
  await collector[Symbol.asyncDispose]()
  throw new Error('the collector did not start')
}
