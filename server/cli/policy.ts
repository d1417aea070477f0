import type { Command } from 'commander'
import { stringify } from 'yaml'
import { MeshError } from '../contracts/errors.ts'
import type { PolicyProposal, PolicyTrial, TrialRow } from '../contracts/policy-trial.ts'
import { openApi } from './client.ts'
import { EXIT } from './exit.ts'
import { readManifests } from './manifest.ts'
import { globalOptions, printData, printRows, type Column } from './output.ts'

const COLUMNS: readonly Column<TrialRow>[] = [
  { title: 'calls', value: (row) => row.calls },
  { title: 'caller', value: (row) => row.caller ?? 'no identity' },
  { title: 'agent', value: (row) => row.agent },
  { title: 'call', value: (row) => `${row.method} ${row.path}` },
  { title: 'because', value: (row) => row.why },
]

export function register(program: Command): void {
  const policy = program
    .command('policy')
    .description('propose the least policy from observed calls, and try one before it is enforced')
    .addHelpText('after', `\nExamples:\n  heddle policy propose search-tools > search-tools.yaml\n  heddle policy try -f search-tools.yaml\n`)
  policy
    .command('propose <agent>')
    .description('print the least AuthorizationPolicy that lets the calls of the last hour through')
    .option('-n, --namespace <namespace>', 'of the agent', 'default')
    .option('--window <time>', 'how far to look back, at most 24h', '1h')
    .action(async (name: string, { namespace, window }: { namespace: string; window: string }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const proposal = await openApi().get<PolicyProposal>(`/namespaces/${encodeURIComponent(namespace)}/agents/${encodeURIComponent(name)}/proposed-policy`, { mesh, window })
      console.error([`From ${proposal.calls} calls since ${proposal.cutAt ?? proposal.from}.`, ...proposal.notes].join('\n'))
      if (output !== 'table') printData(output, proposal)
      else if (proposal.policy) process.stdout.write(stringify(proposal.policy))
      if (!proposal.policy) process.exitCode = EXIT.failed
    })
  policy
    .command('try')
    .description('say which calls of the last hour a policy would refuse or let in; nothing is stored')
    .requiredOption('-f, --filename <file...>', 'the policies, YAML or JSON; - for stdin')
    .option('--window <time>', 'how far to look back, at most 24h', '1h')
    .addHelpText('after', `\nExits ${EXIT.failed} when a call would be refused that is taken now.\n`)
    .action(async ({ filename, window }: { filename: string[]; window: string }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      for (const { ref, body, where } of readManifests(filename)) {
        if (ref.kind !== 'AuthorizationPolicy' && ref.kind !== 'PeerAuthentication') throw new MeshError('bad_request', `${where} is a ${ref.kind}; an AuthorizationPolicy or a PeerAuthentication can be tried`)
        const { body: trial } = await openApi().request<PolicyTrial>('POST', '/policy-trials', { query: { mesh }, body: { policy: body, window } })
        if (output === 'table') print(ref.name, trial)
        else printData(output, trial)
        if (trial.refusedCalls > 0) process.exitCode = EXIT.failed
      }
    })
}

function print(name: string, { from, cutAt, calls, refusedCalls, admittedCalls, refused, admitted }: PolicyTrial): void {
  console.log(`${name}: of ${calls} calls since ${cutAt ?? from} it would refuse ${refusedCalls} that are taken now, and let ${admittedCalls} in that are refused.`)
  for (const [title, rows] of [['Would be refused:', refused], ['Would be let in:', admitted]] as const) {
    if (rows.length === 0) continue
    console.log(`\n${title}`)
    printRows('table', rows, COLUMNS)
  }
}
