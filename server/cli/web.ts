import type { Command } from 'commander'
import { runProgram } from './run-program.ts'

export function register(program: Command): void {
  program
    .command('web')
    .description('run a web process: console, REST API, live updates')
    .addHelpText('after', '\nSettings come from the environment; any number of them share one DATABASE_URL.\n\nExample:\n  DATABASE_URL=postgresql://… heddle web\n')
    .action(() => runProgram('web'))
}
