import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The clone. */
export const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[/\\]$/, '')
/** What was brought to this clone; deleting it costs one long start. */
export const runtime = join(root, '.runtime')

/** One hash over files and folders, by path and content; what is not there counts as empty. */
export function hashOf(paths, { skip = () => false } = {}) {
  const hash = createHash('sha256')
  for (const file of paths.flatMap((path) => filesBelow(join(root, path)))) {
    if (skip(file)) continue
    hash.update(file.slice(root.length).replaceAll(sep, '/')).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

function filesBelow(path) {
  let stat
  try {
    stat = statSync(path)
  } catch {
    return [] // not there
  }
  if (stat.isFile()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(path, entry.name)) : entry.isFile() ? [join(path, entry.name)] : []))
}

/** A stamp says of which input something was made. */
export function isFresh(stamp, hash) {
  try {
    return readFileSync(join(root, stamp), 'utf8').trim() === hash
  } catch {
    return false // never made
  }
}

export function stampWith(stamp, hash) {
  mkdirSync(dirname(join(root, stamp)), { recursive: true })
  writeFileSync(join(root, stamp), `${hash}\n`)
}
