import type { Command } from 'commander'
import { describeRef } from '../contracts/object.ts'
import type { DryRun } from '../contracts/status.ts'
import { openApi } from './client.ts'
import { EXIT } from './exit.ts'
import { readManifests } from './manifest.ts'
import { dryRunSet, dryRunWrite, readCurrent } from './object-api.ts'
import { globalOptions, printData } from './output.ts'

interface Difference extends DryRun {
  object: string
}

export function register(program: Command): void {
  program
    .command('diff')
    .description('show what apply would change')
    .requiredOption('-f, --filename <path...>', 'YAML or JSON files, folders, or - for stdin')
    .addHelpText('after', `\nStores nothing. Several objects are judged together, as one change. Exits ${EXIT.ok} when nothing would change, ${EXIT.failed} when something would, ${EXIT.refused} when an object would be refused.\n\nExample:\n  heddle diff -f route.yaml\n`)
    .action(async (options: { filename: string[] }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const api = openApi()
      const found: Difference[] = []
      const written = readManifests(options.filename)
      const [only] = written
      if (only && written.length === 1) found.push({ object: describeRef(only.ref), ...(await dryRunWrite(api, mesh, only.ref, only.body, await readCurrent(api, mesh, only.ref))) })
      else found.push({ object: written.map(({ ref }) => describeRef(ref)).join(', '), ...(await dryRunSet(api, mesh, written)) })
      if (output === 'table') for (const one of found) console.log(describe(one))
      else printData(output, found)
      if (found.some((one) => !one.valid)) process.exitCode = EXIT.refused
      else if (found.some((one) => one.objectDiff.length > 0)) process.exitCode = EXIT.failed
    })
}

function describe({ object, valid, problems, warnings, summary, objectDiff, affected }: Difference): string {
  const findings = [
    ...problems.map((problem) => `  refused   ${problem.pointer || '/'}  ${problem.detail} (${problem.code})`),
    ...warnings.map((warning) => `  warning   ${warning.pointer || '/'}  ${warning.detail} (${warning.code})`),
  ]
  const words = !valid ? [] : objectDiff.length === 0 ? ['  unchanged'] : summary.map((sentence) => `  ${sentence}`)
  const callers = affected.callers.length > 0 ? [`  Callers: ${affected.callers.join(', ')}`] : []
  return [object, ...words, ...callers, ...findings].join('\n')
}
