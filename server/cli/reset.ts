import { rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'
import { homePaths } from '../run/home.ts'
import { stopHeddle } from './stop.ts'

export function register(program: Command): void {
  program
    .command('reset')
    .description('stop, then delete everything this home holds')
    .option('--yes', 'do not ask', false)
    .addHelpText('after', '\nA store of your own (DATABASE_URL) is left as it is.\n\nExample:\n  heddle reset --yes\n')
    .action(async (options: { yes: boolean }) => {
      const config = readConfig()
      const home = homePaths(config.home)
      if (!existsSync(home.dir)) return console.log(`${home.dir} is not there; nothing to delete`)
      if (!existsSync(home.format)) throw new MeshError('conflict', `${home.dir} is no home of Heddle; nothing was deleted`)
      if (!options.yes && !(await confirm(`Delete ${home.dir} with its database, identities and logs?`))) return console.log('Nothing was deleted')
      await stopHeddle(home)
      await rm(home.dir, { recursive: true, force: true })
      console.log(`Deleted ${home.dir}${config.databaseUrl ? '; the database of DATABASE_URL was left as it is' : ''}`)
    })
}

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new MeshError('bad_request', 'there is nobody to ask here; --yes deletes without asking')
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await lines.question(`${question} [y/N] `)
  lines.close()
  return /^y(es)?$/i.test(answer.trim())
}
