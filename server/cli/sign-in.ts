import type { Command } from 'commander'
import { openApi } from './client.ts'
import { globalOptions, printData } from './output.ts'

const ADMIN = 'admin@heddle.local'

export function register(program: Command): void {
  program
    .command('sign-in')
    .description('print a one-time link that signs you in')
    .option('--email <address>', 'whom it signs in', ADMIN)
    .addHelpText('after', '\nThe link works once, for 15 minutes.\n\nExamples:\n  heddle sign-in\n  heddle sign-in --email ann@example.com\n')
    .action(async (options: { email: string }, command: Command) => {
      const { output } = globalOptions(command)
      const { body } = await openApi().request<{ url: string; email: string; expiresInMinutes: number }>('POST', '/auth/links', { body: { email: options.email } })
      if (output !== 'table') return printData(output, body)
      console.log(`Sign in as ${body.email} (once, within ${body.expiresInMinutes} minutes): ${body.url}`)
    })
}
