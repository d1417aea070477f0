import type { Command } from 'commander'
import type { Reach, ReachRow } from '../contracts/reach.ts'
import { openApi } from './client.ts'
import { globalOptions, printData, printRows, type Column } from './output.ts'

const COLUMNS: readonly Column<ReachRow>[] = [
  { title: 'agent', value: (row) => row.agent },
  { title: 'calls', value: (row) => row.verdict },
  { title: 'under', value: (row) => row.names.slice(0, 2).join(', ') + (row.names.length > 2 ? ` +${row.names.length - 2}` : '') },
  { title: 'why', value: (row) => row.why },
]

export function register(program: Command): void {
  program
    .command('reach')
    .description('say who can reach an agent, and what it can reach')
    .argument('<agent>', 'its name')
    .option('-n, --namespace <namespace>', 'of the agent', 'default')
    .option('--from', 'what it can reach, instead of who can reach it', false)
    .addHelpText('after', '\nBy names, routes, revocations and policies; nothing is sent.\n\nExamples:\n  heddle reach search-tools\n  heddle reach writer --from\n')
    .action(async (name: string, { namespace, from }: { namespace: string; from: boolean }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const reach = await openApi().get<Reach>(`/namespaces/${encodeURIComponent(namespace)}/agents/${encodeURIComponent(name)}/reach`, { mesh, direction: from ? 'callees' : 'callers' })
      if (output !== 'table') return printData(output, reach)
      printRows('table', reach.items, COLUMNS)
      console.log(`\n${summarize(reach).join('\n')}`)
    })
}

function summarize({ agent, direction, counts, plaintext, unguarded }: Reach): string[] {
  const may = counts.all + counts.some
  const of = may + counts.none
  const whole = direction === 'callers' ? `${may} of ${of} other agents can reach ${agent}` : `${agent} can reach ${may} of ${of} other agents`
  return [
    `${whole}${counts.some > 0 ? `, ${counts.some} of them with some calls alone` : ''}.`,
    ...(plaintext === null || plaintext === 'none' ? [] : [`Callers without an identity get in with ${plaintext === 'all' ? 'every call' : 'some calls'}: its mTLS is permissive.`]),
    ...(unguarded ? [`${unguarded} of its instances ${unguarded === 1 ? 'has' : 'have'} no sidecar: no policy guards ${unguarded === 1 ? 'it' : 'them'}.`] : []),
  ]
}
