import type { Command } from 'commander'
import { MeshError } from '../contracts/errors.ts'
import { agentVersionName } from '../contracts/ids.ts'
import { GATEWAY_API, GROUP } from '../contracts/meta.ts'
import type { HTTPRoute } from '../contracts/http-route.ts'
import { openApi } from './client.ts'
import { readCurrent, writeObject } from './object-api.ts'
import { globalOptions, printData, printRows } from './output.ts'
import { watchRevision } from './watch-revision.ts'

interface Options {
  namespace: string
  watch: boolean
  reason?: string
}

export function register(program: Command): void {
  program
    .command('split')
    .description('show or set the weights of a route')
    .argument('<route>', 'an HTTPRoute with one rule; where there is none, the agent of that name gets one')
    .argument('[weights...]', 'VERSION=WEIGHT for each version; what is left out gets none')
    .option('-n, --namespace <namespace>', 'namespace of the route', 'default')
    .option('-w, --watch', 'wait until every proxy that needs it has taken it', false)
    .option('--reason <text>', 'why, for the history')
    .addHelpText('after', '\nExamples:\n  heddle split translator\n  heddle split translator v1=90 v2=10 --watch\n')
    .action(async (name: string, weights: string[], options: Options, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const api = openApi()
      const ref = { kind: 'HTTPRoute', namespace: options.namespace, name } as const
      const current = await readCurrent(api, mesh, ref)
      const route = current?.object.kind === 'HTTPRoute' ? current.object : null
      if (weights.length === 0) {
        if (!route) throw new MeshError('not_found', `there is no route “${name}”; every ready instance gets its share`)
        return printRows(output, onlyRule(route).backendRefs, [{ title: 'version', value: (backend) => backend.name }, { title: 'weight', value: (backend) => backend.weight }])
      }
      const wanted = withWeights(route, name, options.namespace, parseWeights(weights))
      const { object, revision, did } = await writeObject(api, mesh, ref, wanted, { current, reason: options.reason })
      if (output !== 'table') printData(output, object)
      else console.log(did === 'unchanged' ? `HTTPRoute ${options.namespace}/${name} already is ${weights.join(' ')}` : `Revision ${revision}: ${name} ${weights.join(' ')}`)
      if (options.watch) await watchRevision(api, mesh, revision, (line) => console.error(line))
    })
}

export function parseWeights(words: readonly string[]): Map<string, number> {
  const weights = new Map<string, number>()
  for (const word of words) {
    const match = /^([a-z0-9][a-z0-9.-]*)=(\d{1,7})$/.exec(word)
    if (!match) throw new MeshError('bad_request', `“${word}” is not VERSION=WEIGHT, such as v2=10`)
    const [, version, weight] = match as unknown as [string, string, string] // both groups are there on a match
    if (weights.has(version)) throw new MeshError('bad_request', `${version} has two weights`)
    weights.set(version, Number(weight))
  }
  return weights
}

function withWeights(route: HTTPRoute | null, agent: string, namespace: string, weights: ReadonlyMap<string, number>): unknown {
  if (!route) {
    const backendRefs = [...weights].map(([version, weight]) => ({ group: GROUP, kind: 'AgentVersion', name: agentVersionName(agent, version), weight }))
    return { apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name: agent, namespace }, spec: { parentRefs: [{ group: GROUP, kind: 'Agent', name: agent }], rules: [{ backendRefs }] } }
  }
  const rule = onlyRule(route)
  const parent = route.spec.parentRefs.find((one) => one.kind === 'Agent')?.name ?? agent
  const named = new Map([...weights].map(([version, weight]) => [agentVersionName(parent, version), weight]))
  const kept = rule.backendRefs.map((backend) => ({ ...backend, weight: named.get(backend.name) ?? 0 }))
  const added = [...named].filter(([name]) => !rule.backendRefs.some((backend) => backend.name === name)).map(([name, weight]) => ({ group: GROUP, kind: 'AgentVersion', name, weight }))
  return { ...route, spec: { ...route.spec, rules: [{ ...rule, backendRefs: [...kept, ...added] }] } }
}

function onlyRule(route: HTTPRoute) {
  const [rule, second] = route.spec.rules
  if (!rule || second) throw new MeshError('bad_request', `HTTPRoute ${route.metadata.name} has ${route.spec.rules.length} rules; change it with "heddle get httproute ${route.metadata.name} -o yaml" and "heddle apply"`)
  return rule
}
