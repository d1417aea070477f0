import type { Command } from 'commander'
import type { Proxy } from '../contracts/status.ts'
import type { z } from 'zod'
import { openApi } from './client.ts'
import { globalOptions, printData, printRows, type Column } from './output.ts'

type ProxyItem = z.infer<typeof Proxy>
const PAGE = 500

const COLUMNS: readonly Column<ProxyItem>[] = [
  { title: 'proxy', value: (proxy) => proxy.id },
  { title: 'agent', value: (proxy) => `${proxy.namespace}/${proxy.agent}` },
  { title: 'version', value: (proxy) => proxy.version },
  { title: 'state', value: (proxy) => proxy.state },
  { title: 'outbound', value: (proxy) => proxy.outboundUrl },
  { title: 'envoy', value: (proxy) => proxy.build },
  { title: 'last seen', value: (proxy) => proxy.lastSeen },
  { title: 'refusal', value: (proxy) => Object.values(proxy.types).find((type) => type.reason !== null)?.reason },
]

export function register(program: Command): void {
  program
    .command('proxies')
    .description('show proxies and what each has accepted')
    .argument('[id]', 'one proxy, type by type')
    .addHelpText('after', '\nExamples:\n  heddle proxies\n  heddle proxies translator-v1-1\n  heddle proxies -o json\n')
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const { output, mesh } = globalOptions(command)
      if (id !== undefined) return showOne(await openApi().get<ProxyItem>(`/proxies/${encodeURIComponent(id)}`, { mesh }), output)
      const proxies = await readAll(mesh)
      printRows(output, proxies, COLUMNS)
    })
}

function showOne(proxy: ProxyItem, output: ReturnType<typeof globalOptions>['output']): void {
  if (output !== 'table') return printData(output, proxy)
  const types = Object.entries(proxy.types).map(([typeUrl, type]) => ({ typeUrl, ...type }))
  printRows(output, types, [
    { title: 'type', value: (type) => type.typeUrl.split('.').at(-1) },
    { title: 'state', value: (type) => type.state },
    { title: 'sent', value: (type) => type.sent },
    { title: 'acked', value: (type) => type.acked },
    { title: 'reason', value: (type) => type.reason },
  ])
}

async function readAll(mesh: string): Promise<ProxyItem[]> {
  const api = openApi()
  const proxies: ProxyItem[] = []
  let next: string | undefined
  do {
    const page: { items: ProxyItem[]; metadata: { continue: string | null } } = await api.get('/proxies', { mesh, limit: PAGE, continue: next })
    proxies.push(...page.items)
    next = page.metadata.continue ?? undefined
  } while (next !== undefined)
  return proxies
}
