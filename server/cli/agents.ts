import type { Command } from 'commander'
import { MeshError } from '../contracts/errors.ts'
import type { CardHistory, Peer, ReadCard, RegistryEntry } from '../contracts/registry.ts'
import type { z } from 'zod'
import { openApi } from './client.ts'
import { globalOptions, printData, printRows, type Column } from './output.ts'
import { printList } from './print-list.ts'

interface Search {
  query?: string
  capability?: string
  tag?: string
  mode?: string
  state?: string
  means?: string
}

const COLUMNS: readonly Column<RegistryEntry>[] = [
  { title: 'agent', value: (entry) => `${entry.namespace}/${entry.name}` },
  { title: 'known by', value: (entry) => entry.source },
  { title: 'state', value: (entry) => entry.state },
  { title: 'health', value: (entry) => Object.entries(entry.health).map(([state, count]) => `${count} ${state}`).join(', ') },
  { title: 'owner', value: (entry) => entry.owner },
  { title: 'can', value: (entry) => entry.capabilities.map(({ id }) => id).join(', ').slice(0, 60) },
  { title: 'card', value: (entry) => entry.card && `${entry.card.form}${entry.card.signature.state === 'none' ? '' : `, ${entry.card.signature.state}`}` },
  { title: 'source says', value: (entry) => entry.discovery?.reason },
  { title: 'likeness', value: (entry) => entry.likeness?.toFixed(2) },
]

export function register(program: Command): void {
  const agents = program
    .command('agents')
    .description('find agents, read and refresh their cards, block strangers')
    .addHelpText('after', '\nExamples:\n  heddle agents list --means "who can translate contracts?"\n  heddle agents cards translator\n  heddle agents read-card https://agent.example\n  heddle agents block stranger\n')
  agents
    .command('list')
    .description('the registry')
    .option('-q, --query <text>', 'in name or description')
    .option('--capability <id>', 'with this capability')
    .option('--tag <tag>', 'with a capability of this tag')
    .option('--mode <mode>', 'with this input or output mode, such as image/png')
    .option('--state <state>', 'present, gone or never')
    .option('--means <question>', 'the nearest in meaning first')
    .action(({ query, ...search }: Search, command: Command) => printList(command, '/registry', search.means === undefined ? COLUMNS.slice(0, -1) : COLUMNS, { q: query, ...search, limit: 1000 }))
  agents
    .command('cards <name>')
    .description('the cards of an agent, newest first, with what each changed')
    .option('-n, --namespace <namespace>', 'of the agent', 'default')
    .action(async (name: string, { namespace }: { namespace: string }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const history = await openApi().get<CardHistory>(`/registry/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/cards`, { mesh })
      if (output !== 'table') return printData(output, history)
      printRows('table', history.items, [
        { title: 'card', value: (card) => card.number },
        { title: 'form', value: (card) => card.form },
        { title: 'from', value: (card) => card.firstSeen },
        { title: 'signature', value: (card) => card.signature.state },
        { title: 'changed', value: (card) => card.changes.map(({ what, breaking }) => (breaking ? `! ${what}` : what)).join('; ') },
      ])
      if (history.items.some(({ changes }) => changes.some(({ breaking }) => breaking)) && history.callers.length > 0) console.log(`! breaks callers; in the last hour it was called by ${history.callers.join(', ')}`)
    })
  agents
    .command('read-card <url>')
    .description('read a card or an MCP server once, and keep nothing')
    .option('--kind <kind>', 'a2a or mcp', 'a2a')
    .action(async (url: string, { kind }: { kind: string }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const { body } = await openApi().request<z.infer<typeof ReadCard>>('POST', '/registry/read-card', { query: { mesh }, body: { url, kind } })
      if (output !== 'table') return printData(output, body)
      console.log(`${body.name} ${body.version} (${body.form}), signature ${body.signature.state}`)
      printRows('table', body.capabilities, [{ title: 'can', value: ({ id }) => id }, { title: 'description', value: ({ description }) => description.slice(0, 80) }])
    })
  agents
    .command('refresh <name>')
    .description('have the card of an agent with a discovery source read now')
    .option('-n, --namespace <namespace>', 'of the agent', 'default')
    .action(async (name: string, { namespace }: { namespace: string }, command: Command) => {
      const { mesh } = globalOptions(command)
      await openApi().request('POST', `/registry/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/refresh`, { query: { mesh } })
      console.log(`${namespace}/${name} is read now`)
    })
  agents
    .command('peers')
    .description('who was seen in traffic and is no agent, and who is blocked')
    .action((_flags: unknown, command: Command) =>
      printList<Peer>(command, '/peers', [{ title: 'peer', value: ({ id }) => id }, { title: 'requests', value: ({ requests }) => requests }, { title: 'decision', value: ({ decision }) => decision }, { title: 'by', value: ({ decidedBy }) => decidedBy }]),
    )
  for (const [word, decision, says] of [['block', 'block', 'refuse a peer everywhere'], ['unblock', 'none', 'take that back']] as const) {
    agents
      .command(`${word} <name>`)
      .description(says)
      .option('-n, --namespace <namespace>', 'of the peer', 'default')
      .action(async (name: string, { namespace }: { namespace: string }, command: Command) => {
        const { mesh } = globalOptions(command)
        if (name.includes('/')) throw new MeshError('bad_request', 'name the peer alone, and its namespace with --namespace')
        await openApi().request('PUT', '/peers', { query: { mesh }, body: { namespace, name, decision } })
        console.log(`${namespace}/${name} is ${word}ed`)
      })
  }
}
