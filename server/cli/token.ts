import type { Command } from 'commander'
import { MeshError } from '../contracts/errors.ts'
import { NAMESPACE_DEFAULT } from '../contracts/ids.ts'
import { openApi } from './client.ts'
import { globalOptions, printData, printRows } from './output.ts'

interface TokenRow {
  id: string
  name: string
  role: string
  createdBy: string
  expiresAt: string | null
  state: string
}

interface CreateFlags {
  agent?: string
  namespace: string
  minutes?: string
  name?: string
  role: string
  days?: string
}

export function register(program: Command): void {
  const token = program.command('token').description('make, list and revoke API and join tokens')
  token
    .command('create')
    .description('a join token for a sidecar (--agent), or an API token (--name)')
    .option('--agent <name>', 'the agent whose sidecar it lets in, once')
    .option('--namespace <name>', 'of the agent', NAMESPACE_DEFAULT)
    .option('--minutes <number>', 'life of a join token; 60 when left out')
    .option('--name <name>', 'makes an API token of this name')
    .option('--role <role>', 'of an API token: viewer, operator or admin', 'viewer')
    .option('--days <number>', 'life of an API token; 90 when left out')
    .addHelpText('after', '\nExamples:\n  heddle sidecar --agent translator --version v1 --port 9000 --token "$(heddle token create --agent translator)"\n  heddle token create --name ci --role operator --days 30\n')
    .action((flags: CreateFlags, command: Command) => create(flags, command))
  token
    .command('list')
    .description('your API tokens, never their secret')
    .action(async (_flags: unknown, command: Command) => {
      const { items } = await openApi().get<{ items: TokenRow[] }>('/tokens')
      printRows(globalOptions(command).output, items, [
        { title: 'id', value: (row) => row.id },
        { title: 'name', value: (row) => row.name },
        { title: 'role', value: (row) => row.role },
        { title: 'made by', value: (row) => row.createdBy },
        { title: 'until', value: (row) => row.expiresAt },
        { title: 'state', value: (row) => row.state },
      ])
    })
  token
    .command('revoke <id>')
    .description('an API token stops working at once')
    .action(async (id: string) => {
      await openApi().request('DELETE', `/tokens/${encodeURIComponent(id)}`)
      console.log(`Revoked ${id}`)
    })
}

/** In a table's place the token stands alone on stdout, so that a shell can use it; what is worth knowing goes to stderr. */
async function create(flags: CreateFlags, command: Command): Promise<void> {
  if ((flags.agent === undefined) === (flags.name === undefined)) throw new MeshError('bad_request', 'say which: --agent NAME makes a join token, --name NAME an API token')
  const { output, mesh } = globalOptions(command)
  const { body } = await openApi().request<{ token: string; expiresAt: string }>('POST', ...requestOf(flags, mesh))
  if (output !== 'table') return printData(output, body)
  console.log(body.token)
  console.error(`Valid until ${body.expiresAt}${flags.agent === undefined ? '' : `, for one sidecar of ${flags.agent}`}; it is not shown again.`)
}

function requestOf({ agent, namespace, minutes, name, role, days }: CreateFlags, mesh: string): [string, { query?: { mesh: string }; body: unknown }] {
  if (agent !== undefined) return ['/join-tokens', { query: { mesh }, body: { agent, namespace, ...(minutes && { lifeMinutes: Number(minutes) }) } }]
  return ['/tokens', { body: { name, role, ...(days && { expiresInDays: Number(days) }) } }]
}
