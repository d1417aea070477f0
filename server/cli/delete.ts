import type { Command } from 'commander'
import { MeshError } from '../contracts/errors.ts'
import { describeRef, type ObjectRef } from '../contracts/object.ts'
import { openApi } from './client.ts'
import { parseKind, pathOf, readManifests } from './manifest.ts'
import { globalOptions, printRows } from './output.ts'

interface Options {
  filename?: string[]
  namespace: string
  reason?: string
}

export function register(program: Command): void {
  program
    .command('delete')
    .description('delete objects')
    .argument('[kind]', 'kind of the object')
    .argument('[names...]', 'its name; several are deleted one by one')
    .option('-f, --filename <path...>', 'the objects of these files')
    .option('-n, --namespace <namespace>', 'namespace of the names', 'default')
    .option('--reason <text>', 'why, for the history')
    .addHelpText('after', '\nWhat others refer to is not deleted; the referrers are named.\n\nExamples:\n  heddle delete httproute translator\n  heddle delete -f old.yaml\n')
    .action(async (word: string | undefined, names: string[], options: Options, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const api = openApi()
      const done: { object: string; revision: number }[] = []
      for (const ref of refsOf(word, names, options)) {
        const { headers } = await api.request('DELETE', pathOf(ref), { query: { mesh, reason: options.reason } })
        done.push({ object: describeRef(ref), revision: Number(headers.get('x-heddle-revision')) })
      }
      printRows(output, done, [{ title: 'deleted', value: (row) => row.object }, { title: 'revision', value: (row) => row.revision }])
    })
}

function refsOf(word: string | undefined, names: string[], options: Options): ObjectRef[] {
  if (options.filename) return readManifests(options.filename).map(({ ref }) => ref).reverse()
  if (word === undefined || names.length === 0) throw new MeshError('bad_request', 'name a kind and at least one object, or a file with -f')
  const kind = parseKind(word)
  return names.map((name) => ({ kind, namespace: options.namespace, name }))
}
