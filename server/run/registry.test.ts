import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { endProcess } from './end-process.ts'
import { openHome, type HomePaths } from './home.ts'
import { endLeftovers, ownerMark } from './leftovers.ts'
import { takeLock } from './lock.ts'
import { isAlive, processStartedAt } from './process-time.ts'
import { announceProcess, listProcesses, OWNER_VARIABLE } from './registry.ts'

let home: HomePaths
beforeEach(() => {
  home = openHome(mkdtempSync(join(tmpdir(), 'heddle-registry-')))
  delete process.env[OWNER_VARIABLE]
})
afterEach(() => {
  delete process.env[OWNER_VARIABLE]
  rmSync(home.dir, { recursive: true, force: true })
})

async function sleeper() {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore', detached: true })
  await new Promise((resolve) => child.once('spawn', resolve))
  const pid = child.pid!
  return { pid, startedAt: processStartedAt(pid)!, [Symbol.asyncDispose]: async () => void child.kill('SIGKILL') }
}

test('a process is listed while it runs, with what it last said', async () => {
  await using entry = announceProcess({ role: 'web', ports: { http: 3000 }, state: 'starting', home: home.dir })
  entry.update({ state: 'ready' })
  expect(listProcesses(home.dir)).toMatchObject([{ role: 'web', name: 'web', pid: process.pid, ports: { http: 3000 }, state: 'ready', owner: null }])
  await entry[Symbol.asyncDispose]()
  expect(listProcesses(home.dir)).toEqual([])
})

test('a process that was killed is not listed, and its entry goes', async () => {
  const child = await sleeper()
  announceProcess({ role: 'agent', name: 'shelf-v1', state: 'ready', pid: child.pid, home: home.dir })
  expect(listProcesses(home.dir)).toHaveLength(1)
  await endProcess(child, { graceMs: 2000, signal: 'SIGKILL' })
  expect(listProcesses(home.dir)).toEqual([])
  expect(readdirSync(home.run)).toEqual([])
})

test('a pid that came back to another process is not the process that was listed', async () => {
  await using child = await sleeper()
  expect(isAlive(child.pid, child.startedAt)).toBe(true)
  expect(isAlive(child.pid, 'another start')).toBe(false)
})

test("what a killed supervisor left is ended; what others started stays, and so does a living supervisor's", async () => {
  await using left = await sleeper()
  await using own = await sleeper()
  await using foreign = await sleeper()
  process.env[OWNER_VARIABLE] = '4194304@gone'
  announceProcess({ role: 'envoy', name: 'left', state: 'ready', pid: left.pid, home: home.dir })
  process.env[OWNER_VARIABLE] = ownerMark()
  announceProcess({ role: 'envoy', name: 'own', state: 'ready', pid: own.pid, home: home.dir })
  delete process.env[OWNER_VARIABLE]
  announceProcess({ role: 'sidecar', name: 'foreign', state: 'ready', pid: foreign.pid, home: home.dir })
  expect(await endLeftovers(home)).toEqual(['left'])
  expect(listProcesses(home.dir).map(({ name }) => name).sort()).toEqual(['foreign', 'own'])
})

test('a process that does not hear SIGTERM is ended by force, one that is stopped hears it', async () => {
  const deaf = spawn(process.execPath, ['-e', `process.on('SIGTERM', () => {}); console.log('up'); setTimeout(() => {}, 60000)`], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  await new Promise((resolve) => deaf.stdout.once('data', resolve))
  expect(await endProcess({ pid: deaf.pid!, startedAt: processStartedAt(deaf.pid!)! }, { graceMs: 300 })).toBe(true)
  await using stopped = await sleeper()
  process.kill(stopped.pid, 'SIGSTOP')
  expect(await endProcess(stopped, { graceMs: 3000 })).toBe(false)
})

test('a home has one supervisor: the second is told which one runs and where its console is', () => {
  using _held = takeLock(home, 'http://127.0.0.1:3000')
  expect(() => takeLock(home, 'http://127.0.0.1:3001')).toThrow(new RegExp(`already runs here \\(pid ${process.pid}[\\s\\S]*Console: http://127.0.0.1:3000`))
})

test('the lock of a killed supervisor is taken over', async () => {
  const { writeFileSync } = await import('node:fs')
  writeFileSync(join(home.run, 'supervisor.lock'), JSON.stringify({ pid: process.pid, startedAt: 'an earlier process of this pid', url: 'http://127.0.0.1:3000' }))
  using held = takeLock(home, 'http://127.0.0.1:3001')
  expect(held).toBeDefined()
})
