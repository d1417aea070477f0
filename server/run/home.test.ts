import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { homePaths, openHome, writePrivate } from './home.ts'

function scratch(): { dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'heddle-home-'))
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) }
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('a new home is open to its owner alone, and so is every file in it', () => {
  using place = scratch()
  const home = openHome(join(place.dir, 'home'))
  writePrivate(home.secretKey, 'x')
  expect([home.dir, home.run, home.logs, home.sidecars].map(modeOf)).toEqual(['700', '700', '700', '700'])
  expect([home.secretKey, home.format].map(modeOf)).toEqual(['600', '600'])
})

test('where PostgreSQL is a user of its own it may pass through, and read nothing', () => {
  using place = scratch()
  chmodSync(place.dir, 0o711)
  expect(modeOf(openHome(join(place.dir, 'home'), { sharedWithPostgres: true }).dir)).toBe('711')
})

test('a closed directory above is named before anything is made, with a home that works', () => {
  using place = scratch()
  mkdirSync(join(place.dir, 'closed'), { mode: 0o700 })
  chmodSync(place.dir, 0o711)
  const dir = join(place.dir, 'closed', 'home')
  expect(() => openHome(dir, { sharedWithPostgres: true })).toThrow(new RegExp(`cannot pass through ${join(place.dir, 'closed')}; set HEDDLE_HOME=/`))
  expect(() => statSync(dir)).toThrow('ENOENT')
})

test('a home of a newer Heddle is refused and left as it is', () => {
  using place = scratch()
  const { dir, format } = homePaths(join(place.dir, 'home'))
  mkdirSync(dir)
  writeFileSync(format, '99\n')
  expect(() => openHome(dir)).toThrow('written by a newer Heddle (format 99')
  expect(readFileSync(format, 'utf8')).toBe('99\n')
})

test("somebody else's directory is no home", () => {
  using place = scratch()
  writeFileSync(join(place.dir, 'thesis.tex'), '')
  expect(() => openHome(place.dir)).toThrow('holds “thesis.tex” and is no home of Heddle')
})
