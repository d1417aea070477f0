import { Command, CommanderError } from 'commander'
import { SETTINGS } from '../config.ts'
import { COMMANDS, isCommand, type CommandName } from './commands.ts'
import { EXIT, reportFailure } from './exit.ts'

/** Each `server/cli/NAME.ts` adds its command to the program. */
export interface CommandModule {
  register(program: Command): void
}

export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('heddle')
    .description('The control plane, observability and console of an agent mesh.')
    .version(await readVersion(), '-v, --version')
    .option('-o, --output <form>', 'table, json or yaml', 'table')
    .option('--mesh <name>', 'which mesh', 'local')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })
  const asked = findCommand(argv)
  if (isCommand(asked)) await register(program, asked)
  else for (const [name, says] of Object.entries(COMMANDS)) program.command(name).description(says).action(() => {})
  program.addHelpText('after', () => (asked ? '' : settingsHelp()))
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? EXIT.ok : EXIT.usage) : reportFailure(error)
  }
}

/** The first word that is neither an option nor its value. */
function findCommand(argv: readonly string[]): string | undefined {
  return argv.find((word, index) => !word.startsWith('-') && !['-o', '--output', '--mesh'].includes(argv[index - 1] ?? ''))
}

async function register(program: Command, name: CommandName): Promise<void> {
  // The commands are many and start in a tenth of a second each only because the others are not loaded.
  const module = (await import(`./${name}.ts`)) as CommandModule
  module.register(program)
  for (const command of program.commands) command.copyInheritedSettings(program)
}

async function readVersion(): Promise<string> {
  const { default: pkg } = await import('../../package.json', { with: { type: 'json' } })
  return pkg.version
}

function settingsHelp(): string {
  const rows = Object.entries(SETTINGS).map(([name, { default: value, unit, says }]) => `  ${name.padEnd(28)}${says} (${unit}${value ? `; ${value}` : ''})`)
  return `\nSettings, from the environment:\n${rows.join('\n')}\n\nExamples:\n  heddle status\n  heddle split translator v1=50 v2=50\n  heddle get agents -o yaml\n`
}

// A reader that has seen enough (`heddle logs | head`) ends the command without a word, as it ends any other.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})

await main(process.argv.slice(2))
