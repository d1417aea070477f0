import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { listProcesses, type RunningProcess } from '../run/registry.ts'
import { EXIT } from './exit.ts'
import { globalOptions, printRows, type Column } from './output.ts'

const COLUMNS: readonly Column<RunningProcess>[] = [
  { title: 'role', value: (row) => row.role },
  { title: 'name', value: (row) => row.name },
  { title: 'pid', value: (row) => row.pid },
  { title: 'state', value: (row) => row.state },
  { title: 'ports', value: (row) => Object.entries(row.ports).map(([name, port]) => `${name} ${port}`).join(', ') },
]

export function register(program: Command): void {
  program
    .command('status')
    .description('list the processes of this home')
    .addHelpText('after', `\nExits ${EXIT.unavailable} when no supervisor, control or web process runs.\n\nExamples:\n  heddle status\n  heddle status -o json\n`)
    .action((_options: unknown, command: Command) => {
      const { output } = globalOptions(command)
      const config = readConfig()
      const processes = listProcesses(config.home)
      if (processes.length === 0 && output === 'table') console.log(`No Heddle runs in ${config.home}; "npm start" starts one`)
      else printRows(output, processes, COLUMNS)
      if (!processes.some(({ role }) => role === 'supervisor' || role === 'web' || role === 'control')) process.exitCode = EXIT.unavailable
    })
}
