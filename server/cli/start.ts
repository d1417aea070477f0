import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { live } from '../run/shutdown.ts'
import { supervise } from '../run/supervisor.ts'
import { reportFailure } from './exit.ts'

const STOP_TIMEOUT_MS = 90_000

export function register(program: Command): void {
  program
    .command('start')
    .description('start Heddle on this machine and stay with it')
    .option('--dev', 'run the console from source', false)
    .option('--role <role>', 'what this process is called in a list of processes', 'supervisor')
    .addHelpText('after', '\nExamples:\n  heddle start\n  HEDDLE_HOME=/srv/heddle HEDDLE_CONSOLE_PORT=3001 heddle start\n')
    .action(async (options: { dev: boolean }) => {
      const config = readConfig()
      const say = (line: string) => void process.stdout.write(`${line}\n`)
      const code = await live((things, stop) => supervise(config, things, { dev: options.dev, say, stop }), {
        failed: reportFailure,
        stopping: () => say('Stopping'),
        late: () => console.error(`Heddle did not stop within ${STOP_TIMEOUT_MS / 1000} s; "heddle status" shows what is left`),
        stopTimeoutMs: STOP_TIMEOUT_MS,
      })
      if (code === 0) say('Stopped; nothing of it runs any more')
      process.exit(code)
    })
}
