import { InvalidArgumentError, type Command } from 'commander'
import { describeRef } from '../contracts/object.ts'
import type { Revision } from '../contracts/status.ts'
import { openApi } from './client.ts'
import { globalOptions, printData } from './output.ts'

export function register(program: Command): void {
  program
    .command('revert')
    .description('make a new revision that undoes one')
    .argument('<revision>', 'number of the revision', parseRevision)
    .option('--reason <text>', 'why, for the history')
    .addHelpText('after', '\nWhat was changed since elsewhere stays; where the same place was changed again, nothing is done and the place is named.\n\nExample:\n  heddle revert 12 --reason "errors on v2"\n')
    .action(async (revision: number, options: { reason?: string }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const { body } = await openApi().request<Revision>('POST', `/revisions/${revision}/revert`, { query: { mesh }, body: { reason: options.reason } })
      if (output !== 'table') return printData(output, body)
      console.log(`Revision ${body.revision} takes revision ${revision} back: ${body.changes.map((change) => describeRef(change.object)).join(', ')}`)
    })
}

function parseRevision(text: string): number {
  const revision = Number(text)
  if (!Number.isInteger(revision) || revision < 1) throw new InvalidArgumentError('the number of a revision')
  return revision
}
