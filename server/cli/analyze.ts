import type { Command } from 'commander'
import type { z } from 'zod'
import type { Analysis } from '../contracts/analysis.ts'
import { describeRef } from '../contracts/object.ts'
import { openApi } from './client.ts'
import { EXIT } from './exit.ts'
import { globalOptions, printData } from './output.ts'

export function register(program: Command): void {
  program
    .command('analyze')
    .description('say what is wrong or risky in the configuration as it is')
    .addHelpText('after', `\nExits ${EXIT.failed} when there is an error among the findings, else ${EXIT.ok}.\n\nExample:\n  heddle analyze\n`)
    .action(async (_options: unknown, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const { body } = await openApi().request<z.infer<typeof Analysis>>('GET', '/analysis', { query: { mesh } })
      if (output !== 'table') printData(output, body)
      else if (body.items.length === 0) console.log(`Nothing to say about revision ${body.revision}.`)
      else for (const { severity, object, pointer, code, detail, fix } of body.items) console.log(`${severity.padEnd(8)}${describeRef(object)} ${pointer || '/'}: ${detail} (${code})\n        ${fix}`)
      if (body.items.some((item) => item.severity === 'error')) process.exitCode = EXIT.failed
    })
}
