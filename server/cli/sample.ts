import type { Command } from 'commander'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MeshError } from '../contracts/errors.ts'
import { openApi, type Api } from './client.ts'
import { globalOptions, printData, printRows } from './output.ts'

interface Sample {
  running: boolean
  rate: number
  failureShare: number
  agents: { instance: string; agent: string; version: string; pid: number; received: { ok: number; error: number }[] }[]
}

// Loaded by address and not by import: the fleet is an example, and everything else works with its folder deleted.
const RUNNER = new URL('../sample/run.ts', import.meta.url)

export function register(program: Command): void {
  const sample = program.command('sample').description('run, pause or remove the sample fleet')
  sample
    .command('run')
    .description('run the fleet in the foreground; `heddle start` does this on an empty store')
    .option('--role <role>', 'names the process for `ps`', 'sample')
    .action(runFleet)
  sample.command('status').description('what the fleet does, as its agents counted themselves').action((_flags, command: Command) => showFleet(command))
  sample
    .command('set')
    .description('turn its knobs')
    .option('--rate <tasks>', 'tasks a second; 0 pauses')
    .option('--failure-share <share>', 'share of the model’s answers that fail, 0 to 1')
    .action((flags: { rate?: string; failureShare?: string }) => turnKnobs(openApi(), flags))
  sample
    .command('remove')
    .description('stop it and delete its objects')
    .action(async () => {
      const { removed } = (await openApi().request<{ removed: number }>('DELETE', '/sample')).body
      console.log(removed === 0 ? 'There is no sample fleet' : `Removed the sample fleet: ${removed} objects`)
    })
  sample.addHelpText('after', '\nExamples:\n  heddle sample set --rate 20 --failure-share 0.1\n  heddle sample set --rate 0\n  heddle sample remove\n')
}

async function runFleet(): Promise<void> {
  if (!existsSync(fileURLToPath(RUNNER))) throw new MeshError('not_found', 'this installation has no sample fleet (server/sample)')
  const { runSampleProgram } = (await import(RUNNER.href)) as { runSampleProgram: () => Promise<void> } // the one export that this command needs
  await runSampleProgram()
}

async function showFleet(command: Command): Promise<void> {
  const { output } = globalOptions(command)
  const fleet = await openApi().get<Sample>('/sample')
  const sum = (agent: Sample['agents'][number], what: 'ok' | 'error') => agent.received.reduce((total, count) => total + count[what], 0)
  printRows(
    output,
    fleet.agents,
    [
      { title: 'instance', value: (agent) => agent.instance },
      { title: 'pid', value: (agent) => agent.pid },
      { title: 'answered', value: (agent) => sum(agent, 'ok') + sum(agent, 'error') },
      { title: 'errors', value: (agent) => sum(agent, 'error') },
    ],
    fleet,
  )
  if (output === 'table') console.log(fleet.running ? `Running at ${fleet.rate} tasks/s; ${fleet.failureShare * 100} % of the model's answers fail` : 'Not running')
}

async function turnKnobs(api: Api, flags: { rate?: string; failureShare?: string }): Promise<void> {
  const { rate, failureShare } = await api.get<Sample>('/sample')
  const body = { rate: number('--rate', flags.rate) ?? rate, failureShare: number('--failure-share', flags.failureShare) ?? failureShare }
  const now = (await api.request<Sample>('PUT', '/sample', { body })).body
  printData('yaml', { rate: now.rate, failureShare: now.failureShare })
}

function number(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new MeshError('bad_request', `${flag} is “${text}”; it takes a number`)
  return value
}
