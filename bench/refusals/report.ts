import { writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Refusal } from './sites.ts'

export interface Outcome {
  refusal: Refusal
  /** The test that failed without it: `file › name`. */
  seenBy: string | null
  /** Whether any test makes it happen. */
  reached: boolean
}

const HEAD = `# Refusals, and the test that misses each

Made by \`npm run test:refusals\`: each refusal of these rooms was taken out of a copy of the source, one at a time, and the tests that reach
it were run. The test beside it failed. A sentence is cut and without its values.

`

/** docs/refusals.md: one table a room. */
export function writeReport(path: string, outcomes: readonly Outcome[]): void {
  const unseen = outcomes.filter(({ seenBy }) => seenBy === null).length
  const rooms = Map.groupBy(outcomes, ({ refusal }) => dirname(refusal.path))
  const tables = [...rooms].map(([room, rows]) => `## ${room}\n\n| where | what is refused | what fails without it |\n|---|---|---|\n${rows.map(row).join('\n')}\n`)
  writeFileSync(path, `${HEAD}Of ${outcomes.length} refusals ${outcomes.length - unseen} are missed by a test; ${unseen} are not.\n\n${tables.join('\n')}`)
}

function row({ refusal, seenBy, reached }: Outcome): string {
  const file = refusal.path.split('/').at(-1)
  return `| ${file} | ${cell(refusal.sentence)} | ${seenBy ? `\`${cell(seenBy)}\`` : reached ? '**no test fails**' : '**no test comes here**'} |`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('`', 'ˋ')
}
