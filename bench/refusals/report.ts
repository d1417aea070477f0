// docs/refusals.md: a section a room; a run of some rooms replaces theirs and leaves the rest.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Refusal } from './sites.ts'

export interface Outcome {
  refusal: Refusal
  /** The test that failed without it: `file › name`. */
  seenBy: string | null
  /** Whether any test makes it happen. */
  reached: boolean
}

const UNSEEN = '| **no test'

export function writeReport(path: string, outcomes: ReadonlyMap<string, readonly Outcome[]>): void {
  const sections = new Map([...readSections(path), ...[...outcomes].map(([room, list]) => [room, list.map(row)] as const)])
  const rows = [...sections.values()].flat()
  const unseen = rows.filter((line) => line.includes(UNSEEN)).length
  const tables = [...sections].sort(([a], [b]) => (a < b ? -1 : 1)).map(([room, list]) => `## ${room}\n\n| where | what is refused | what fails without it |\n|---|---|---|\n${list.join('\n')}\n`)
  writeFileSync(path, `${headOf(rows.length, unseen)}${tables.join('\n')}`)
}

function headOf(all: number, unseen: number): string {
  return `# Refusals, and the test that misses each

Made by \`npm run test:refusals\`: each refusal of these rooms was taken out of a copy of the source, one at a time, and the tests that reach
it were run; the one named failed. “No test fails” is mostly a refusal that another check gives a step later.

Of ${all} refusals ${all - unseen} are missed by a test; ${unseen} are not.

`
}

function readSections(path: string): Map<string, string[]> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return new Map(text.split('\n## ').slice(1).map((section) => [section.split('\n')[0] ?? '', section.split('\n').filter((line) => line.startsWith('| ')).slice(1)]))
}

function row({ refusal, seenBy, reached }: Outcome): string {
  const file = refusal.path.split('/').at(-1)
  return `| ${file} | ${cell(refusal.sentence, 120)} ${seenBy ? `| ${cell(seenBy, 180)}` : `${UNSEEN} ${reached ? 'fails' : 'comes here'}**`} |`
}

function cell(text: string, charactersMax: number): string {
  const short = text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text
  return short.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('`', '’').replaceAll('<', '&lt;')
}
