// What a change passes: types, lint, unit, integration, whole-mesh and browser tests, with one honest line of totals at the end.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium } from './chromium.mjs'
import { withNode } from './command.mjs'
import { bringIptables } from './iptables.mjs'
import { root } from './root.mjs'
import { say } from './say.mjs'

const MINUTE_MS = 60_000
const TYPES = { name: 'types', command: ['node_modules/typescript/bin/tsc', '-p', '.'], limitMs: 8 * MINUTE_MS }
const LINT = { name: 'lint', command: ['node_modules/oxlint/bin/oxlint'], limitMs: 2 * MINUTE_MS }
const UNIT = { name: 'unit', project: 'unit', limitMs: 6 * MINUTE_MS }
const INTEGRATION = { name: 'integration', project: 'integration', limitMs: 20 * MINUTE_MS }
const MESH = { name: 'mesh', project: 'mesh', limitMs: 20 * MINUTE_MS }
const BROWSER = { name: 'browser', project: 'browser', limitMs: 20 * MINUTE_MS }

export async function runCheck(node) {
  return conclude(await runSuites(node, [TYPES, LINT, UNIT], { env: testEnvironment(node) }))
}

/** A missing Envoy or Chromium is a failure, not a skip: what needs it was not shown. */
export async function runTests(node, { envoy, args }) {
  const chromium = await findChromium()
  await bringIptables()
  const env = testEnvironment(node, { ...(envoy && { ENVOY_PATH: envoy }), ...(chromium.path && { CHROMIUM_PATH: chromium.path }) })
  const missing = [
    ...(envoy ? [] : ['there is no Envoy, so nothing that needs a proxy can be shown']),
    ...(chromium.path ? [] : [`there is no Chromium, so no browser story can be shown (${chromium.why})`]),
  ]
  for (const sentence of missing) say(`FAILED: ${sentence}`)
  const totals = await runSuites(node, [TYPES, LINT, UNIT, INTEGRATION, MESH, ...(chromium.path ? [BROWSER] : [])], { env, args })
  return conclude({ ...totals, failed: totals.failed + missing.length })
}

/** Tests make homes, ports and tokens of their own: no setting of the person who runs them reaches one. */
function testEnvironment(node, more = {}) {
  const env = withNode(node, { NODE_ENV: 'test', ...more })
  for (const name of Object.keys(env)) if (/^HEDDLE_|^DATABASE_URL|^OTEL_/.test(name)) delete env[name]
  return env
}

async function runSuites(node, suites, { env, args = [] }) {
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const suite of suites) {
    const began = Date.now()
    say(`${suite.name} …`)
    const counts = suite.command ? await runTool(node, suite, env) : await runProject(node, suite, env, args)
    for (const key of Object.keys(totals)) totals[key] += counts[key]
    say(`${suite.name}: ${describe(counts)} in ${((Date.now() - began) / 1000).toFixed(0)} s`)
  }
  return totals
}

async function runTool(node, { command, limitMs }, env) {
  const code = await runInFront(node, command, env, limitMs)
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
}

async function runProject(node, { project, limitMs }, env, args) {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-suite-'))
  const report = join(directory, 'report.json')
  try {
    const command = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, '--passWithNoTests', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args]
    const code = await runInFront(node, command, env, limitMs)
    return countsOf(report, code)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A run that ended badly without a failed test (a file that did not load, a limit, a crash) is a failure all the same. */
function countsOf(report, code) {
  let counts = { passed: 0, failed: 0, skipped: 0 }
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'))
    counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
  } catch {
    counts.failed = 1 // it never got to its report
  }
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

/** In a group of its own, so that what a suite leaves behind at its limit ends with it. */
function runInFront(node, args, env, limitMs) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
    const end = (signal) => {
      try {
        process.kill(-child.pid, signal)
      } catch {
        // the group has ended
      }
    }
    const timer = setTimeout(() => {
      say(`took longer than ${limitMs / MINUTE_MS} minutes and was ended`)
      end('SIGKILL')
    }, limitMs)
    const stop = () => end('SIGTERM')
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)
    child.on('error', () => resolve(1))
    child.on('close', (code) => {
      clearTimeout(timer)
      for (const signal of ['SIGINT', 'SIGTERM']) process.removeListener(signal, stop)
      resolve(code ?? 1)
    })
  })
}

const describe = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`

function conclude(totals) {
  process.stdout.write(`${describe(totals)}\n`)
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1
}
