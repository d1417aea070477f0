import type { Command } from 'commander'
import { describeRef } from '../contracts/object.ts'
import { openApi } from './client.ts'
import { readManifests } from './manifest.ts'
import { readCurrent, writeObject } from './object-api.ts'
import { globalOptions, printRows } from './output.ts'

export function register(program: Command): void {
  program
    .command('apply')
    .description('create or change objects from a file')
    .requiredOption('-f, --filename <path...>', 'YAML or JSON files, folders, or - for stdin')
    .option('--reason <text>', 'why, for the history')
    .addHelpText('after', '\nEach object is a revision of its own; the first that is refused ends the command.\n\nExamples:\n  heddle apply -f route.yaml\n  heddle get httproute translator -o yaml | heddle apply -f - --reason "back to even"\n')
    .action(async (options: { filename: string[]; reason?: string }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const api = openApi()
      const done: { object: string; did: string; revision: number }[] = []
      try {
        for (const { ref, body } of readManifests(options.filename)) {
          const { did, revision } = await writeObject(api, mesh, ref, body, { current: await readCurrent(api, mesh, ref), reason: options.reason })
          done.push({ object: describeRef(ref), did, revision })
        }
      } finally {
        // What was stored before a refusal is said too.
        if (done.length > 0) printRows(output, done, [{ title: 'object', value: (row) => row.object }, { title: 'did', value: (row) => row.did }, { title: 'revision', value: (row) => row.revision }])
      }
    })
}
