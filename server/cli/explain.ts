import type { Command } from 'commander'
import { MeshError } from '../contracts/errors.ts'
import type { Explanation } from '../contracts/explain.ts'
import { openApi } from './client.ts'
import { globalOptions, printData } from './output.ts'

interface Options {
  from: string
  namespace: string
  method: string
  header: string[]
}

export function register(program: Command): void {
  program
    .command('explain')
    .description('say where a call would go, and why')
    .argument('<url>', 'http://translator.default.mesh/path, or just a name')
    .requiredOption('--from <agent>', 'the calling agent')
    .option('-n, --namespace <namespace>', 'namespace of the caller', 'default')
    .option('-X, --method <method>', 'HTTP method', 'GET')
    .option('-H, --header <name: value...>', 'headers of the call', [])
    .addHelpText('after', '\nNothing is sent.\n\nExample:\n  heddle explain translator/rpc --from orchestrator -X POST -H "x-tier: gold"\n')
    .action(async (url: string, options: Options, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const { host, path } = parseTarget(url)
      const body = { from: { namespace: options.namespace, agent: options.from }, host, path, method: options.method.toUpperCase(), headers: parseHeaders(options.header) }
      const { body: answer } = await openApi().request<Explanation>('POST', '/explain', { query: { mesh }, body })
      if (output === 'table') console.log(describe(answer))
      else printData(output, answer)
    })
}

function parseTarget(url: string): { host: string; path: string } {
  const match = /^(?:http:\/\/)?([^/?#]+)([/?].*)?$/.exec(url)
  if (!match) throw new MeshError('bad_request', `“${url}” is no address of the mesh; http://NAME.NAMESPACE.mesh/path is one`)
  const path = match[2] ?? '/'
  return { host: match[1] ?? '', path: path.startsWith('/') ? path : `/${path}` }
}

function parseHeaders(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    headers.map((header) => {
      const colon = header.indexOf(':')
      if (colon < 1) throw new MeshError('bad_request', `“${header}” is no header; write “name: value”`)
      return [header.slice(0, colon).trim(), header.slice(colon + 1).trim()]
    }),
  )
}

function describe({ summary, considered, backends, policies }: Explanation): string {
  const rules = considered.map((one) => `  ${one.won ? '→' : ' '} ${one.object.namespace}/${one.object.name} rule ${one.rule + 1}${one.ruleName ? ` (${one.ruleName})` : ''}: ${one.why}`)
  const where = backends.flatMap((backend) => backend.instances.map((instance) => `  ${(backend.share * 100).toFixed(1).padStart(5)} %  ${backend.agent} ${backend.version ?? ''}  ${instance.address}:${instance.port}  ${instance.id}`))
  const steps = policies.flatMap(({ agent, steps }) => steps.map((step) => `  ${step.decides ? '→' : ' '} ${agent}: ${step.effect}${step.mode === 'Audit' ? ' (audit)' : ''} ${step.object ? `${step.object.name} rule ${(step.rule ?? 0) + 1}: ` : ''}${step.why}`))
  const part = (title: string, lines: string[]) => (lines.length > 0 ? ['', title, ...lines] : [])
  return [...summary, ...part('Rules, in the order they are asked:', rules), ...part('In rotation:', where), ...part('Policies:', steps)].join('\n')
}
