// The data directory of one Heddle: what lies where, who may read it, and which version of Heddle may open it.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, parse, resolve } from 'node:path'
import { MeshError } from '../contracts/errors.ts'

/** Raised when a home's layout changes in a way that an older Heddle would misread. */
export const HOME_FORMAT = 1

export interface HomePaths {
  dir: string
  /** One JSON file a process (`registry.ts`), and the supervisor's lock. */
  run: string
  /** `ROLE.log`, rotated. */
  logs: string
  /** PostgreSQL's data directory. */
  pg: string
  /** One directory a sidecar: its key, identity and last configuration. */
  sidecars: string
  /** What the sample fleet keeps. */
  sample: string
  /** 32 bytes, base64, mode 0600: encrypts CA keys at rest. */
  secretKey: string
  /** `{url, token}` of the command line on this machine, mode 0600. */
  credentials: string
  /** `{port, password}` of the embedded PostgreSQL, mode 0600. */
  postgres: string
  format: string
}

export function homePaths(directory: string): HomePaths {
  const dir = resolve(directory)
  return {
    dir,
    run: join(dir, 'run'),
    logs: join(dir, 'logs'),
    pg: join(dir, 'pg'),
    sidecars: join(dir, 'sidecars'),
    sample: join(dir, 'sample'),
    secretKey: join(dir, 'secret.key'),
    credentials: join(dir, 'credentials.json'),
    postgres: join(dir, 'postgres.json'),
    format: join(dir, 'format'),
  }
}

export interface OpenHomeOptions {
  /** True where PostgreSQL will run in the home as a user of its own, who has to pass through every directory above. */
  sharedWithPostgres?: boolean
}

/** Makes the home where there is none. Throws `unavailable` for one that cannot be used, naming one that can, and touches nothing then. */
export function openHome(directory: string, options: OpenHomeOptions = {}): HomePaths {
  const home = homePaths(directory)
  refuseForeign(home)
  if (options.sharedWithPostgres) refuseClosedParents(home)
  try {
    mkdirSync(home.dir, { recursive: true })
    chmodSync(home.dir, options.sharedWithPostgres ? 0o711 : 0o700)
    for (const path of [home.run, home.logs, home.sidecars]) mkdirSync(path, { recursive: true, mode: 0o700 })
    if (!existsSync(home.format)) writeFileSync(home.format, `${HOME_FORMAT}\n`, { mode: 0o600 })
  } catch (cause) {
    throw new MeshError('unavailable', `${home.dir} cannot be written; set HEDDLE_HOME to a directory of yours, such as ${suggestHome()}`, { cause })
  }
  return home
}

/** Writes a file of the home in one step: a kill in the middle leaves the old one whole. */
export function writePrivate(path: string, text: string): void {
  const half = `${path}.${process.pid}.tmp`
  writeFileSync(half, text, { mode: 0o600 })
  renameSync(half, path)
}

/** The text of a file of the home, null where there is none. */
export function readPrivate(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null // what fs throws has a code
    throw error
  }
}

/** Where every user may pass: what a refusal proposes. */
function suggestHome(): string {
  return process.getuid?.() === 0 ? '/var/lib/heddle' : join(process.env.HOME ?? '/tmp', '.heddle')
}

function refuseForeign(home: HomePaths): void {
  if (!existsSync(home.dir)) return
  const format = readPrivate(home.format)
  if (format !== null) {
    if (Number(format) > HOME_FORMAT)
      throw new MeshError('conflict', `${home.dir} was written by a newer Heddle (format ${format.trim()}; this one knows ${HOME_FORMAT}); nothing was touched`)
    return
  }
  const known = new Set(Object.values(home).map((path) => parse(path).base))
  const stranger = readdirSync(home.dir).find((name) => !known.has(name))
  if (stranger !== undefined)
    throw new MeshError('conflict', `HEDDLE_HOME is ${home.dir}, which holds “${stranger}” and is no home of Heddle; name an empty or new directory`)
}

function refuseClosedParents(home: HomePaths): void {
  const closed = closedParentOf(home.dir)
  if (closed !== null)
    throw new MeshError(
      'unavailable',
      `Heddle was started as root, so PostgreSQL runs as another user, who cannot pass through ${closed}; set HEDDLE_HOME=${suggestHome()}, start Heddle as another user, or set DATABASE_URL`,
    )
}

/** The nearest directory above through which not every user may pass, null when there is none. */
export function closedParentOf(path: string): string | null {
  for (let above = dirname(path); ; above = dirname(above)) {
    if (existsSync(above) && (statSync(above).mode & 0o001) === 0) return above
    if (above === dirname(above)) return null
  }
}
