import type { Command } from 'commander'
import type { MeshObject, Kind } from '../contracts/object.ts'
import type { ObjectiveSpec } from '../contracts/objective.ts'
import { KINDS } from '../contracts/object.ts'
import { openApi } from './client.ts'
import { parseKind, pathOf } from './manifest.ts'
import { globalOptions, printData, printRows, type Column } from './output.ts'

const PAGE = 500

interface Options {
  namespace?: string
  selector?: string
}

export function register(program: Command): void {
  program
    .command('get')
    .description('show objects')
    .argument('<kind>', 'agents, agentversions, httproutes, gateways or authorizationpolicies')
    .argument('[name]', 'one object')
    .option('-n, --namespace <namespace>', 'of this namespace alone')
    .option('-l, --selector <labels>', 'with these labels, such as team=search')
    .addHelpText('after', '\nExamples:\n  heddle get agents\n  heddle get httproute translator -o yaml\n  heddle get agents -l team=search -o json\n')
    .action(async (word: string, name: string | undefined, options: Options, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const kind = parseKind(word)
      const api = openApi()
      const objects = name === undefined ? await readAll(kind, options, mesh) : [await api.get<MeshObject>(pathOf({ kind, namespace: options.namespace ?? 'default', name }), { mesh })]
      if (output !== 'table') return printData(output, name === undefined ? { items: objects } : objects[0])
      printRows(output, objects, columnsOf(kind))
    })
}

async function readAll(kind: Kind, { namespace, selector }: Options, mesh: string): Promise<MeshObject[]> {
  const api = openApi()
  const { plural } = KINDS[kind]
  const path = namespace === undefined ? `/${plural}` : `/namespaces/${encodeURIComponent(namespace)}/${plural}`
  const objects: MeshObject[] = []
  let next: string | undefined
  do {
    const page: { items: MeshObject[]; metadata: { continue: string | null } } = await api.get(path, { mesh, limit: PAGE, labelSelector: selector, continue: next })
    objects.push(...page.items)
    next = page.metadata.continue ?? undefined
  } while (next !== undefined)
  return objects
}

function columnsOf(kind: Kind): Column<MeshObject>[] {
  return [
    { title: 'namespace', value: ({ metadata }) => metadata.namespace },
    { title: 'name', value: ({ metadata }) => metadata.name },
    ...DETAILS[kind],
    { title: 'revision', value: ({ metadata }) => metadata.resourceVersion },
  ]
}

const column = <K extends Kind>(kind: K, title: string, value: (object: Extract<MeshObject, { kind: K }>) => string): Column<MeshObject> => ({
  title,
  value: (object) => (object.kind === kind ? value(object as Extract<MeshObject, { kind: K }>) : ''), // the kind has just been compared
})

const DETAILS: Record<Kind, Column<MeshObject>[]> = {
  AgentRoute: [
    column('AgentRoute', 'capability', ({ spec }) => spec.require.capability ?? '-'),
    column('AgentRoute', 'chooses by', ({ spec }) => (spec.semantic && spec.semantic.mode !== 'off' ? `content (${spec.semantic.mode})` : spec.strategy)),
    column('AgentRoute', 'fallback', ({ spec }) => spec.fallback?.name ?? '-'),
  ],
  HealthProbe: [
    column('HealthProbe', 'check', ({ spec }) => spec.check.type),
    column('HealthProbe', 'agents', ({ spec }) => spec.targetRefs.map((target) => target.name).join(', ')),
    column('HealthProbe', 'every', ({ spec }) => `${spec.intervalSeconds} s`),
  ],
  ExternalService: [
    column('ExternalService', 'host', ({ spec }) => `${spec.host}:${spec.port}`),
    column('ExternalService', 'access', ({ spec }) => spec.access),
    column('ExternalService', 'tls', ({ spec }) => spec.tls.mode),
    column('ExternalService', 'credential', ({ spec }) => spec.credential?.name ?? '-'),
  ],
  EgressPolicy: [
    column('EgressPolicy', 'unknown hosts', ({ spec }) => spec.unknownHosts),
    column('EgressPolicy', 'agents', ({ spec }) => spec.targetRefs.map((target) => target.name).join(', ') || 'all of the namespace'),
  ],
  Objective: [
    column('Objective', 'agent', ({ spec }) => spec.targetRef.name),
    column('Objective', 'is to', ({ spec }) => `${aimOf(spec)}, over ${spec.window}`),
    column('Objective', 'tells', ({ spec }) => spec.notify.join(', ') || 'nobody'),
  ],
  Agent: [column('Agent', 'type', ({ spec }) => spec.type), column('Agent', 'protocol', ({ spec }) => spec.protocol), column('Agent', 'mtls', ({ spec }) => spec.mtls)],
  AgentVersion: [column('AgentVersion', 'agent', ({ spec }) => spec.agent), column('AgentVersion', 'version', ({ spec }) => spec.version)],
  HTTPRoute: [
    column('HTTPRoute', 'parents', ({ spec }) => spec.parentRefs.map((parent) => parent.name).join(', ')),
    column('HTTPRoute', 'sends to', ({ spec }) => spec.rules.map((rule) => rule.backendRefs.map((backend) => `${backend.name}=${backend.weight}`).join(' ')).join(' | ')),
  ],
  Gateway: [column('Gateway', 'listens', ({ spec }) => spec.listeners.map((listener) => `${listener.name}:${listener.port}`).join(', '))],
  GRPCRoute: [
    column('GRPCRoute', 'parents', ({ spec }) => spec.parentRefs.map((parent) => parent.name).join(', ')),
    column('GRPCRoute', 'sends to', ({ spec }) => spec.rules.map((rule) => rule.backendRefs.map((backend) => `${backend.name}=${backend.weight}`).join(' ')).join(' | ')),
  ],
  PeerAuthentication: [
    column('PeerAuthentication', 'mtls', ({ spec }) => spec.mtls),
    column('PeerAuthentication', 'agents', ({ spec }) => spec.targetRefs.map((target) => target.name).join(', ') || 'all of the namespace'),
  ],
  TrafficPolicy: [
    column('TrafficPolicy', 'agents', ({ spec }) => spec.targetRefs.map((target) => target.name).join(', ')),
    column('TrafficPolicy', 'says', ({ spec }) => Object.keys(spec).filter((field) => field !== 'targetRefs').join(', ')),
  ],
  AuthorizationPolicy: [
    column('AuthorizationPolicy', 'action', ({ spec }) => spec.action),
    column('AuthorizationPolicy', 'agents', ({ spec }) => spec.targetRefs.map((target) => target.name).join(', ')),
  ],
}

function aimOf({ indicator, percent }: ObjectiveSpec): string {
  switch (indicator.type) {
    case 'Success':
      return `succeed in ${percent} %`
    case 'Latency':
      return `answer within ${indicator.withinMs} ms in ${percent} %`
    case 'TaskOutcome':
      return `complete ${percent} % of tasks`
    case 'Cost':
      return `cost at most ${indicator.atMost} a${indicator.per === 'hour' ? 'n' : ''} ${indicator.per}`
  }
}
