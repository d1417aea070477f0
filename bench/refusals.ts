// Takes out one refusal after another, in a copy of HEAD, and sees which test fails: `npm run test:refusals [server/mesh …]`.
// First the tests run on a copy that notes which test reaches which refusal; then each refusal meets those tests alone.
// Without a room it takes all of them, about twenty minutes. Writes their sections of docs/refusals.md.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createVitest, escapeTestName, type TestSpecification } from 'vitest/node'
import { writeReport, type Outcome } from './refusals/report.ts'
import { findRefusals, noted, without, type Refusal } from './refusals/sites.ts'

/** Rooms whose refusals are taken out, each with the tests that hold them. */
const ROOMS: Record<string, readonly string[]> = {
  'server/mesh': ['server/mesh/', 'server/api/objects'],
  'server/api': ['server/api/', 'server/live/'],
  'server/auth': ['server/auth/', 'server/api/sign-in', 'server/api/session-cookie'],
  'server/identity': ['server/identity/', 'server/testing/enrolment', 'server/testing/entering'],
  'server/changes': ['server/changes/', 'server/api/objects'],
  'server/fetch': ['server/fetch/'],
}
/** Of one refusal: many tests reach some, and the first few decide. */
const TESTS_TRIED_MAX = 8

const ROOT = process.cwd()
const rooms = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(ROOMS)
using stack = new DisposableStack()
const copy = stack.adopt(realpathSync(mkdtempSync(join(tmpdir(), 'heddle-refusals-'))), (path) => rmSync(path, { recursive: true, force: true }))
execFileSync('sh', ['-c', `git archive HEAD server collectors components app docs README.md prisma package.json vitest.config.ts tsconfig.json | tar -x -C "${copy}"`])
for (const made of ['node_modules', '.runtime', 'models', 'prisma/generated']) symlinkSync(join(ROOT, made), join(copy, made))
process.chdir(copy)

interface Reaching {
  file: TestSpecification
  /** Null: reached while nothing that has a name ran. */
  test: string | null
}

const sources = new Map(rooms.flatMap(filesOf).map((path) => [path, readFileSync(path, 'utf8')]))
const refusals = [...sources].flatMap(([path, source]) => findRefusals(path, source))
const log = join(copy, 'reached.txt')
const vitest = await createVitest('test', { root: copy, watch: false, project: ['unit', 'integration'], reporters: [{}], fileParallelism: false })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void vitest.close().finally(() => stack.dispose()).finally(() => process.exit(1)))
try {
  const starts = rooms.flatMap((room) => ROOMS[room] ?? [])
  const files = (await vitest.globTestSpecifications()).filter(({ moduleId }) => starts.some((start) => relative(copy, moduleId).startsWith(start)))
  const reached = await noteReached(files)
  const outcomes: Outcome[] = []
  for (const [index, refusal] of refusals.entries()) {
    const reaching = reached.get(index) ?? []
    const outcome = { refusal, seenBy: await tryWithout(refusal, reaching), reached: reaching.length > 0 }
    outcomes.push(outcome)
    console.log(`${refusal.path}:${refusal.line} ${outcome.seenBy ?? (outcome.reached ? 'NO TEST FAILS' : 'NO TEST COMES HERE')} (${refusal.sentence})`)
  }
  const unseen = outcomes.filter(({ seenBy }) => seenBy === null)
  console.log(`${outcomes.length} refusals: ${outcomes.length - unseen.length} are missed by a test when they are taken out, ${unseen.length} are not`)
  const roomOf = ({ refusal }: Outcome) => rooms.find((room) => refusal.path.startsWith(`${room}/`)) ?? refusal.path
  writeReport(join(ROOT, 'docs/refusals.md'), Map.groupBy(outcomes, roomOf))
} finally {
  await vitest.close()
}

function filesOf(room: string): string[] {
  return readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.includes('.test.')).map((name) => join(room, name)).sort()
}

/** By refusal: the tests that make it happen. */
async function noteReached(files: readonly TestSpecification[]): Promise<Map<number, Reaching[]>> {
  for (const [path, source] of sources) put(path, noted(source, refusals.filter((one) => one.path === path), refusals, log))
  const reached = new Map<number, Reaching[]>()
  for (const file of files) {
    writeFileSync(log, '')
    const failed = await run(file, null)
    if (failed !== null) {
      console.log(`left out, since it fails with every refusal in its place: ${failed}`)
      continue
    }
    const lines = new Set(readFileSync(log, 'utf8').split('\n').filter(Boolean))
    for (const line of lines) {
      const [index, test] = JSON.parse(line) as [number, string | null] // written by noted()
      reached.set(index, [...(reached.get(index) ?? []), { file, test }])
    }
    console.log(`${relative(copy, file.moduleId)} reaches refusals ${lines.size} times`)
  }
  for (const [path, source] of sources) put(path, source)
  return reached
}

/** The first test that fails without it; null when all of them pass. */
async function tryWithout(refusal: Refusal, reaching: readonly Reaching[]): Promise<string | null> {
  const source = sources.get(refusal.path) ?? ''
  put(refusal.path, without(source, refusal))
  try {
    for (const { file, test } of reaching.toSorted(quickFirst).slice(0, TESTS_TRIED_MAX)) {
      const failed = await run(file, test)
      if (failed !== null) return failed
    }
    return null
  } finally {
    put(refusal.path, source)
  }
}

function quickFirst(a: Reaching, b: Reaching): number {
  const slow = ({ file }: Reaching) => Number(file.moduleId.includes('.it.test.'))
  return slow(a) - slow(b)
}

function put(path: string, source: string): void {
  writeFileSync(path, source)
  vitest.invalidateFile(join(copy, path))
}

/** What failed of one test, or of all of a file; null when nothing did. */
async function run(file: TestSpecification, test: string | null): Promise<string | null> {
  if (test === null) vitest.resetGlobalTestNamePattern()
  else vitest.setGlobalTestNamePattern(new RegExp(`^${escapeTestName(test, false)}$`))
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([file])
  const path = relative(copy, file.moduleId)
  for (const module of testModules.filter(({ moduleId }) => moduleId === file.moduleId)) { // others are there as they last ran
    for (const one of module.children.allTests('failed')) return `${path} › ${one.fullName}`
    if (!module.ok()) return `${path} (does not load)`
  }
  return unhandledErrors.length > 0 ? `${path} (an error that nobody caught)` : null
}
