// A whole Heddle through its public start: what a person at the terminal sees, and what is left when things die.
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { getPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanEnvironment, makeHome, runCommand, startHeddle, type RunningHeddle } from '../testing/heddle.ts'
import { listenersOf } from '../testing/listeners.ts'
import { freshSpan, postOtlp, requestOf } from '../testing/spans.ts'
import { processStartedAt } from './process-time.ts'

const isGone = (pid: number) => processStartedAt(pid) === null

async function until<T>(what: string, timeoutMs: number, look: () => T | Promise<T>): Promise<NonNullable<Awaited<T>>> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const start = (env: Record<string, string>) => runCommand(['server/cli/heddle.mjs', 'start'], { ...cleanEnvironment(), ...env })

describe('a running Heddle', () => {
  let heddle: RunningHeddle
  beforeAll(async () => {
    heddle = await startHeddle()
  }, 180_000)
  afterAll(() => heddle?.[Symbol.asyncDispose]())

  test('says where the console is on a line of its own, and how to sign in the first time', () => {
    expect(heddle.output()).toMatch(new RegExp(`^Console: http://127\\.0\\.0\\.1:${heddle.ports.console}$`, 'm'))
    expect(heddle.output()).toMatch(/http:\/\/127\.0\.0\.1:\d+\/sign-in\S+/)
  })

  test('lists each process with role, pid, ports and state, and each has its role as an argument', async () => {
    const { code, stdout } = await heddle.cli(['status', '-o', 'json'])
    const rows = JSON.parse(stdout) as { role: string; pid: number; ports: Record<string, number>; state: string }[]
    expect(code).toBe(0)
    expect(rows.map(({ role }) => role)).toEqual(['supervisor', 'postgres', 'control', 'collector', 'web'])
    expect(rows.every(({ state }) => state === 'ready')).toBe(true)
    expect(Object.values(rows.find(({ role }) => role === 'web')?.ports ?? {})).toContain(heddle.ports.console)
    for (const { role, pid } of rows.filter((row) => row.role !== 'postgres')) expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')).toContain(role)
  })

  test('on a machine that is short of CPU the console waits before telemetry, and both before control and what carries calls', () => {
    const own = getPriority(heddle.process('supervisor').pid)
    const more = (role: string) => getPriority(heddle.process(role).pid) - own
    expect({ control: more('control'), collector: more('collector'), web: more('web') }).toEqual({ control: 0, collector: 2, web: 4 })
  })

  test('opens no door beyond loopback', () => {
    const pids = new Set(heddle.processes().map(({ pid }) => pid))
    expect(listenersOf(pids).length).toBeGreaterThanOrEqual(5)
    expect(listenersOf(pids).filter(({ address }) => !address.startsWith('127.') && address !== '::1')).toEqual([])
  })

  test('is told about by a second start in the same home, which changes nothing', async () => {
    const before = heddle.processes()
    const { code, stderr } = await start(heddle.env)
    expect(code).toBe(4)
    expect(stderr).toContain('Heddle already runs here')
    expect(stderr).toContain(`Console: ${heddle.url}`)
    expect(heddle.processes()).toEqual(before)
  })

  test.each(['control', 'web', 'collector', 'postgres'])('brings back a killed %s by itself', async (role) => {
    const [pid = 0] = heddle.kill(role)
    await until(`${role} is back`, 40_000, () => heddle.processes().some((entry) => entry.role === role && entry.pid !== pid && entry.state === 'ready'))
    await until('the API answers', 40_000, () => answers(heddle))
  })

  test('keeps keys, tokens and passwords out of its logs', () => {
    const key = readFileSync(join(heddle.home, 'secret.key'), 'utf8').trim()
    const { token } = JSON.parse(readFileSync(join(heddle.home, 'credentials.json'), 'utf8')) as { token: string }
    const { password } = JSON.parse(readFileSync(join(heddle.home, 'postgres.json'), 'utf8')) as { password: string }
    for (const file of readdirSync(join(heddle.home, 'logs'))) {
      const text = readFileSync(join(heddle.home, 'logs', file), 'utf8')
      for (const secret of [key, token, password, heddle.token, 'PRIVATE KEY']) expect(text.includes(secret), `${file} holds a secret`).toBe(false)
    }
  })
})

test('a stop leaves no process; the next start finds everything as it was', async () => {
  const home = await makeHome()
  try {
    const first = await startHeddle({ home })
    const pids = first.processes().map(({ pid }) => pid)
    expect(pids.length).toBeGreaterThanOrEqual(5)
    expect(await first.stop()).toBe(0)
    expect(pids.filter((pid) => !isGone(pid))).toEqual([])
    await using second = await startHeddle({ home })
    expect(await answers(second)).toBe(true)
    expect(second.output()).not.toContain('/sign-in')
  } finally {
    rmSync(dirname(home), { recursive: true, force: true })
  }
}, 240_000)

test('after a killed supervisor the others go on, and the next start ends them and begins afresh', async () => {
  const home = await makeHome()
  try {
    await using killed = await startHeddle({ home })
    const left = killed.processes().filter(({ role }) => role !== 'supervisor')
    killed.kill('supervisor')
    await until('the supervisor is gone', 5000, () => !killed.processes().some(({ role }) => role === 'supervisor'))
    await new Promise((resolve) => setTimeout(resolve, 1000)) // long enough for one that cannot live alone to die
    expect(left.filter(({ pid }) => isGone(pid))).toEqual([])
    expect(await answers(killed)).toBe(true)
    await using next = await startHeddle({ home, env: killed.env })
    expect(next.output()).toContain('Ended what an earlier Heddle had left running')
    expect(left.filter(({ pid }) => !isGone(pid))).toEqual([])
    expect(await answers(next)).toBe(true)
  } finally {
    rmSync(dirname(home), { recursive: true, force: true })
  }
}, 240_000)

test('a taken port is named with its setting before anything starts', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number } // a TCP server's address
  const home = await makeHome()
  try {
    const { code, stderr } = await start({ HEDDLE_HOME: home, HEDDLE_CONSOLE_PORT: '23991', HEDDLE_XDS_PORT: '23992', HEDDLE_OTLP_GRPC_PORT: String(port), HEDDLE_OTLP_HTTP_PORT: '23992', HEDDLE_SAMPLE: 'off' })
    expect(code).toBe(4)
    expect(stderr).toContain(`HEDDLE_OTLP_GRPC_PORT is ${port}, where something else listens; set HEDDLE_OTLP_GRPC_PORT to a free port`)
    expect(stderr).toContain('HEDDLE_OTLP_HTTP_PORT and HEDDLE_XDS_PORT are both 23992')
    expect(readdirSync(home)).not.toContain('pg')
  } finally {
    server.close()
    rmSync(dirname(home), { recursive: true, force: true })
  }
})

test('where there is no Envoy, console and telemetry start all the same, with a notice', async () => {
  await using heddle = await startHeddle({ sample: 'on', env: { ENVOY_PATH: '/nowhere/envoy' } })
  expect(heddle.output()).toMatch(/^Notice: .*\/nowhere\/envoy cannot be run as Envoy/m)
  expect(heddle.output()).not.toContain('Sample fleet')
  expect(await answers(heddle)).toBe(true)
  expect((await postOtlp(`http://127.0.0.1:${heddle.ports.otlpHttp}/v1/traces`, requestOf([freshSpan({ name: 'alone' })], { 'service.name': 'lonely' }))).status).toBe(200)
  const { status } = await fetch(`${heddle.url}/sign-in`)
  expect(status).toBe(200)
}, 120_000)

test('off loopback it refuses to start and names the setting', async () => {
  const home = await makeHome()
  const { code, stderr } = await start({ HEDDLE_HOME: home, HEDDLE_BIND: '0.0.0.0' })
  expect(code).toBe(3)
  expect(stderr).toContain('HEDDLE_BIND is 0.0.0.0')
  expect(() => readdirSync(home)).toThrow('ENOENT')
  rmSync(dirname(home), { recursive: true, force: true })
})

async function answers(heddle: RunningHeddle): Promise<boolean> {
  const response = await fetch(`${heddle.url}/api/v1/agents`, { headers: { authorization: `Bearer ${heddle.token}` } }).catch(() => null)
  return response?.status === 200
}
