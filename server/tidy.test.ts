// The order of the house: who may import whom, how long a file may be, and what must be written down.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { COMMANDS } from './cli/commands.ts'
import { SETTINGS } from './config.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LINES_MAX = 300

/** What a room may import besides itself and `server/contracts`; `type` in front allows its types alone. */
const ROOMS: Record<string, readonly string[]> = {
  // Settings too: a page names the ports that an agent's exporter goes to.
  app: ['components', 'server/api', 'server/config.ts'],
  components: ['type server/api'],
  'server/contracts': [],
  'server/mesh': [],
  'server/compile': ['server/mesh'],
  'server/xds': ['server/compile', 'server/mesh', 'server/db', 'server/otlp'],
  'server/identity': ['server/compile', 'server/mesh', 'server/db'],
  // The one way out to URLs that came from outside.
  'server/fetch': [],
  'server/discovery': ['server/compile', 'server/mesh', 'server/db', 'server/changes', 'server/fetch'],
  'server/probes': ['server/mesh', 'server/db', 'server/fetch', 'server/discovery'],
  // The task of a call comes as Envoy's own messages.
  'server/semantic': ['server/compile', 'server/mesh', 'server/db', 'server/fetch'],
  'server/objectives': ['server/db', 'server/otlp', 'server/fetch'],
  'server/changes': ['server/mesh', 'server/db', 'type prisma'],
  'server/queries': ['server/mesh', 'server/db', 'server/otlp'],
  'server/drivers': ['server/changes', 'server/xds', 'server/identity', 'server/compile', 'server/mesh', 'server/queries', 'server/db'],
  'server/auth': ['server/db'],
  'server/live': ['server/db'],
  'server/api': ['server/queries', 'server/changes', 'server/mesh', 'server/identity', 'server/drivers', 'server/auth', 'server/db', 'server/fetch', 'server/discovery', 'server/semantic', 'server/objectives', 'server/redact'],
  'server/config.ts': [],
  // Bytes of OTLP, and sketches of latency: pure, read by collectors and queries alike.
  'server/otlp': [],
  // What is taken out of telemetry: pure, for the collector and for whoever tries a rule.
  'server/redact': ['server/otlp'],
  'server/db': ['prisma'],
  'server/run': ['server/config.ts', 'server/db'],
  'server/sidecar': ['server/config.ts', 'server/run', 'server/probes', 'server/fetch'],
  'server/cli': ['server/config.ts', 'server/run', 'server/sidecar', 'server/sample', 'server/db', 'type server/api'],
  collectors: ['server/db', 'server/otlp', 'server/redact', 'server/fetch', 'server/config.ts', 'server/run'],
  'server/sample': ['server/config.ts', 'server/run', 'server/cli'],
  // They start real things of every room, but know no sample fleet: deleting it leaves everything else passing.
  'server/testing': ['server', 'collectors', 'prisma'],
  // What every page must show is read from the list of pages itself.
  e2e: ['components', 'server/testing', 'server/sample', 'server/config.ts', 'server/run'],
  bench: ['server/queries', 'server/semantic', 'server/fetch', 'server/testing', 'server/config.ts', 'server/run', 'server/compile', 'server/mesh', 'server/db', 'server/otlp', 'server/redact', 'collectors'],
}

/** The programs are lists: start this, then that. */
const LISTS = ['server/web.ts', 'server/control.ts', 'collectors/main.ts']
/** What a test may import on top of its room: the helpers that start real things. */
const FOR_TESTS = ['server/compile/fixtures.ts', 'server/testing', 'server/db', 'server/config.ts', 'server/run', 'server/changes', 'server/queries', 'prisma']

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').filter((path) => existsSync(join(ROOT, path)))
const code = files.filter((path) => /\.(ts|tsx|mjs)$/.test(path) && !path.includes('/testdata/'))
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface Import {
  target: string
  typeOnly: boolean
}

function importsOf(path: string): Import[] {
  const found = textOf(path).matchAll(/^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm)
  return [...found].flatMap(([, type, from, lazy]) => {
    const target = resolveImport(path, from ?? lazy ?? '')
    return target === null ? [] : [{ target, typeOnly: type !== undefined }]
  })
}

function resolveImport(path: string, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1)
  if (specifier.startsWith('.')) return normalize(join(dirname(path), specifier)).replaceAll('\\', '/')
  return null // a package
}

function roomOf(path: string): string {
  const rooms = Object.keys(ROOMS).filter((room) => path === room || path.startsWith(`${room}/`))
  return rooms.sort((a, b) => b.length - a.length)[0] ?? dirname(path)
}

function mayImport(path: string, { target, typeOnly }: Import): boolean {
  const room = roomOf(path)
  const to = roomOf(target)
  if (to === room || to === 'server/contracts' || target === 'package.json') return true
  if (typeOnly && to === 'server/config.ts') return true // settings are handed in, typed
  const allowed = [...(ROOMS[room] ?? []), ...(/\.test\.tsx?$|\/testing\.ts$/.test(path) ? FOR_TESTS : [])]
  const within = (entry: string) => to === entry || target === entry || target.startsWith(`${entry}/`)
  if (room === 'server/testing' && to === 'server/sample') return false
  return allowed.some((entry) => (entry.startsWith('type ') ? typeOnly && within(entry.slice('type '.length)) : within(entry)))
}

test('imports go the way the table of rooms says', () => {
  const strangers = code
    .filter((path) => !LISTS.includes(path) && path !== 'server/tidy.test.ts' && Object.hasOwn(ROOMS, roomOf(path)))
    .flatMap((path) => importsOf(path).filter((found) => !mayImport(path, found)).map(({ target }) => `${path} → ${target}`))
  expect(strangers).toEqual([])
})

test('every folder of code is a room of the table', () => {
  const homeless = code.filter((path) => path.includes('/') && !LISTS.includes(path) && !Object.hasOwn(ROOMS, roomOf(path)) && !path.startsWith('prisma/') && path !== 'server/tidy.test.ts' && path !== 'server/config.test.ts')
  expect(homeless).toEqual([])
})

test(`no file of code is longer than ${LINES_MAX} lines`, () => {
  const long = code.map((path) => ({ path, lines: textOf(path).split('\n').length - 1 })).filter(({ lines }) => lines > LINES_MAX)
  expect(long).toEqual([])
})

test('there are no barrels: we import the file that defines a thing', () => {
  expect(code.filter((path) => /(^|\/)index\.(ts|tsx|mjs)$/.test(path))).toEqual([])
})

test('no file knows the machine it was written on', () => {
  const machine = /\/(?:root|home\/[a-z]+|Users\/[A-Za-z]+|work)\/[\w.-]+|\/tmp\/h-/
  const text = files.filter((path) => statSync(join(ROOT, path)).size < 1_000_000 && /\.(ts|tsx|mjs|js|json|md|css|yaml|yml|sql|prisma|sh)$|\/run$/.test(path) && path !== 'server/tidy.test.ts')
  expect(text.filter((path) => machine.test(textOf(path)))).toEqual([])
})

test('nothing is left for later in the code', () => {
  const marks = new RegExp(['TO', 'DO|FIX', 'ME|XX', 'X:'].join('')) // in parts, so that this line is no mark itself
  expect(code.filter((path) => marks.test(textOf(path)))).toEqual([])
})

test('every command has its file and its place in docs/cli.md', () => {
  const documented = textOf('docs/cli.md')
  const missing = Object.keys(COMMANDS).filter((name) => !existsSync(join(ROOT, 'server/cli', `${name}.ts`)) || !documented.includes(`## heddle ${name}`))
  expect(missing).toEqual([])
})

test('every setting is in .env.example, with its default', () => {
  const example = textOf('.env.example')
  const missing = Object.entries(SETTINGS).filter(([name, setting]) => !example.includes(`# ${setting.says}`) || !new RegExp(`^#? ?${name}=`, 'm').test(example))
  expect(missing.map(([name]) => name)).toEqual([])
})

/** A test's name ends with its quote; one that is cut with … need only begin so. The long runs of bench have words and no names. */
function stands({ file = '', name = '' }: Record<string, string>): boolean {
  if (!existsSync(join(ROOT, file))) return false
  const [words, text] = [name.replace(/…$/, ''), textOf(file)]
  if (file.startsWith('bench/')) return text.includes(words)
  return [`'`, '`'].some((quote) => text.includes(`${quote}${words}${name.endsWith('…') ? '' : quote}`))
}

test('every test that docs/tests.md names is there, and its sums are right', () => {
  const text = textOf('docs/tests.md')
  const rows = [...text.matchAll(/^\| ([A-I]\d+) \| [^|]+ \| ([^|]+) \|$/gm)].map(([, id = '', shownBy = '']) => ({ id, shownBy, named: [...shownBy.matchAll(/`(?<file>[^`›]+) › (?<name>[^`]+)`/g)].map(({ groups = {} }) => groups) }))
  expect(rows.flatMap(({ id, named }) => named.filter((one) => !stands(one)).map(({ file, name }) => `${id}: ${file} › ${name}`))).toEqual([])
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  expect(rows.filter(({ shownBy, named }) => (shownBy === 'not yet') !== (named.length === 0))).toEqual([])
  const [notYet, inPart] = [rows.filter(({ named }) => named.length === 0).length, rows.filter(({ shownBy }) => shownBy.startsWith('in part: ')).length]
  expect(text).toContain(`Of ${rows.length} risks ${rows.length - inPart - notYet} are shown, ${inPart} in part, ${notYet} not yet.`)
})
