import type { Command } from 'commander'
import { runProgram } from './run-program.ts'

export function register(program: Command): void {
  program
    .command('control')
    .description('run a control process: xDS, enrolment, identities')
    .addHelpText('after', '\nSettings come from the environment; any number of them share one DATABASE_URL.\n\nExample:\n  DATABASE_URL=postgresql://… heddle control\n')
    .action(() => runProgram('control'))
}
