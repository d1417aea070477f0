import { Option, type Command } from 'commander'
import { MeshError } from '../contracts/errors.ts'
import { LogLevel, type ProxyAnswer, type ProxyQuestion } from '../contracts/proxy-question.ts'
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
    .addOption(new Option('--live <what>', 'ask it, through its sidecar, what it runs now').choices(['config', 'clusters', 'certificates', 'statistics', 'log']))
    .option('--contains <text>', 'with --live statistics: of counters whose names hold this', '')
    .addOption(new Option('--log-level <level>', 'how much its Envoy logs until it starts again').choices(LogLevel.options))
    .addHelpText('after', '\nExamples:\n  heddle proxies\n  heddle proxies translator-v1-1\n  heddle proxies translator-v1-1 --live clusters\n  heddle proxies translator-v1-1 --live statistics --contains upstream_rq_5xx\n  heddle proxies translator-v1-1 --log-level debug\n')
    .action(async (id: string | undefined, options: LiveOptions, command: Command) => {
      const { output, mesh } = globalOptions(command)
      if (options.live !== undefined || options.logLevel !== undefined) return askLive(id, options, { output, mesh })
      if (id !== undefined) return showOne(await openApi().get<ProxyItem>(`/proxies/${encodeURIComponent(id)}`, { mesh }), output)
      const proxies = await readAll(mesh)
      printRows(output, proxies, COLUMNS)
    })
}

interface LiveOptions {
  live?: ProxyQuestion['about']
  contains: string
  logLevel?: LogLevel
}

async function askLive(id: string | undefined, { live, contains, logLevel }: LiveOptions, { output, mesh }: Pick<ReturnType<typeof globalOptions>, 'output' | 'mesh'>): Promise<void> {
  if (id === undefined) throw new MeshError('bad_request', 'name the proxy that is asked: heddle proxies ID --live clusters')
  const question = logLevel !== undefined ? { about: 'log', level: logLevel } : live === 'statistics' ? { about: live, contains } : { about: live }
  const { body } = await openApi().request<ProxyAnswer>('POST', `/proxies/${encodeURIComponent(id)}/questions`, { query: { mesh }, body: question })
  if (output !== 'table') printData(output, body)
  else printAnswer(body)
}

/** Its own columns for each question. */
function printAnswer(answer: ProxyAnswer): void {
  switch (answer.about) {
    case 'config':
      return printRows('table', answer.resources, [{ title: 'type', value: ({ typeUrl }) => typeUrl.split('.').at(-1) }, { title: 'name', value: ({ name }) => name }, { title: 'version', value: ({ version }) => version }, { title: 'since', value: ({ since }) => since }])
    case 'clusters':
      return printRows('table', answer.clusters.flatMap(({ name, hosts }) => hosts.map((host) => ({ name, ...host }))), [{ title: 'cluster', value: ({ name }) => name }, { title: 'address', value: ({ address }) => address }, { title: 'health', value: ({ why }) => why.join('; ') || 'healthy' }, { title: 'active', value: ({ active }) => active }, { title: 'requests', value: ({ requests }) => requests }, { title: 'errors', value: ({ errors }) => errors }])
    case 'certificates':
      return printRows('table', answer.certificates, [{ title: 'serial', value: ({ serial }) => serial }, { title: 'of', value: ({ names }) => names.join(', ') }, { title: 'root', value: ({ isRoot }) => (isRoot ? 'yes' : 'no') }, { title: 'until', value: ({ to }) => to }])
    case 'statistics':
      printRows('table', answer.statistics, [{ title: 'name', value: ({ name }) => name }, { title: 'value', value: ({ value }) => value }])
      if (answer.found > answer.statistics.length) console.log(`The first ${answer.statistics.length} of ${answer.found}.`)
      return
    case 'log':
      return printRows('table', Object.entries(answer.levels), [{ title: 'logger', value: ([name]) => name }, { title: 'level', value: ([, level]) => level }])
  }
}

function showOne(proxy: ProxyItem, output: ReturnType<typeof globalOptions>['output']): void {
  if (output !== 'table') return printData(output, proxy)
  const types = Object.entries(proxy.types).map(([typeUrl, type]) => ({ typeUrl, ...type }))
  printRows(output, types, [
    { title: 'type', value: (type) => type.typeUrl.split('.').at(-1) },
    { title: 'state', value: (type) => type.state },
    { title: 'sent', value: (type) => type.sent },
    { title: 'acked', value: (type) => type.acked },
    { title: 'since', value: (type) => type.changedAt },
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
