// What a change passes: types, lint, unit, integration, whole-mesh and browser tests, with one honest line of totals at the end.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
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
    ...(envoy ? [] : [{ file: 'mesh', test: 'all of it', why: 'there is no Envoy, so nothing that needs a proxy can be shown' }]),
    ...(chromium.path ? [] : [{ file: 'browser', test: 'all of it', why: `there is no Chromium, so no browser story can be shown: ${chromium.why}` }]),
  ]
  const totals = await runSuites(node, [TYPES, LINT, UNIT, INTEGRATION, MESH, ...(chromium.path ? [BROWSER] : [])], { env, args })
  return conclude({ ...totals, failed: totals.failed + missing.length, failures: [...totals.failures, ...missing] })
}

/** Tests make homes, ports and tokens of their own: no setting of the person who runs them reaches one. */
function testEnvironment(node, more = {}) {
  const env = withNode(node, { NODE_ENV: 'test', ...more })
  for (const name of Object.keys(env)) if (/^HEDDLE_|^DATABASE_URL|^OTEL_/.test(name)) delete env[name]
  return env
}

/** A suite of more failed files than this is broken, not unsteady. */
const FILES_TRIED_AGAIN = 4

async function runSuites(node, suites, { env, args = [] }) {
  const totals = { passed: 0, failed: 0, skipped: 0, failures: [], unsteady: [] }
  for (const suite of suites) {
    const began = Date.now()
    say(`${suite.name} …`)
    const result = suite.command ? await runTool(node, suite, env) : await runProject(node, suite, env, args)
    for (const key of Object.keys(totals)) totals[key] = Array.isArray(totals[key]) ? [...totals[key], ...result[key]] : totals[key] + result[key]
    say(`${suite.name}: ${describe(result)} in ${((Date.now() - began) / 1000).toFixed(0)} s`)
  }
  return totals
}

async function runTool(node, { name, command, limitMs }, env) {
  const code = await runInFront(node, command, env, limitMs)
  const failures = code === 0 ? [] : [{ file: name, test: 'see above', why: `ended with ${code}` }]
  return { passed: 1 - failures.length, failed: failures.length, skipped: 0, failures, unsteady: [] }
}

/**
 * Files in which a test failed run once more, alone: these tests share two cores with whole meshes, and a limit passed for that reason
 * says nothing of the product. What passes then counts as passed, and is named at the end as unsteady, with what it said when it failed.
 */
async function runProject(node, suite, env, args) {
  const first = await runFiles(node, suite, env, args)
  const files = [...new Set(first.failures.map(({ file }) => file))]
  if (files.length === 0 || files.length > FILES_TRIED_AGAIN || files.includes(suite.name)) return first
  say(`${suite.name}: once more, alone: ${files.join(', ')}`)
  const again = await runFiles(node, suite, env, [...args, ...files, '--no-file-parallelism'])
  const stillFails = new Set(again.failures.map(({ file }) => file))
  const [failures, unsteady] = [first.failures.filter(({ file }) => stillFails.has(file)), first.failures.filter(({ file }) => !stillFails.has(file))]
  const mended = unsteady.length
  return { ...first, passed: first.passed + mended, failed: first.failed - mended, failures, unsteady }
}

async function runFiles(node, { name, project, limitMs }, env, args) {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-suite-'))
  const report = join(directory, 'report.json')
  try {
    const command = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, '--passWithNoTests', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args]
    const code = await runInFront(node, command, env, limitMs)
    return resultOf(name, report, code)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A run that ended badly without a failed test (a file that did not load, a limit, a crash) is a failure all the same. */
function resultOf(name, report, code) {
  const result = { passed: 0, failed: 0, skipped: 0, failures: [], unsteady: [] }
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    for (const { name: path, status, message, assertionResults } of testResults) {
      const file = relative(root, path)
      const failed = assertionResults.filter((test) => test.status === 'failed')
      result.passed += assertionResults.filter((test) => test.status === 'passed').length
      result.skipped += assertionResults.filter((test) => test.status !== 'passed' && test.status !== 'failed').length
      result.failures.push(...failed.map((test) => ({ file, test: test.fullName, why: test.failureMessages[0] ?? 'no message' })))
      if (status === 'failed' && failed.length === 0) result.failures.push({ file, test: 'the file itself', why: message || 'no message' })
    }
  } catch (error) {
    result.failures.push({ file: name, test: 'the whole suite', why: `it never got to its report: ${error.message}` })
  }
  if (code !== 0 && result.failures.length === 0) result.failures.push({ file: name, test: 'the whole suite', why: `ended with ${code}, though no test failed` })
  return { ...result, failed: result.failures.length }
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

/** The closing line stands alone at the end; who reads only the end of a long log still learns what failed. */
function conclude({ failures, unsteady, ...totals }) {
  for (const failure of unsteady) process.stdout.write(`UNSTEADY (failed once, passed alone): ${inShort(failure)}\n`)
  for (const failure of failures) process.stdout.write(`FAILED: ${inShort(failure)}\n`)
  process.stdout.write(`${describe(totals)}\n`)
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1
}

const inShort = ({ file, test, why }) => `${file} > ${test}\n  ${why.split('\n').filter((line) => !line.includes('/node_modules/')).slice(0, 12).join('\n  ')}`
