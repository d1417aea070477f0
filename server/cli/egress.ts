import type { Command } from 'commander'
import type { EgressHost } from '../contracts/egress.ts'
import { MeshError } from '../contracts/errors.ts'
import { draftService, whyNoHost, type ExternalServiceSpec } from '../contracts/external-service.ts'
import { openApi } from './client.ts'
import { readCurrent, writeObject } from './object-api.ts'
import { globalOptions, type Column } from './output.ts'
import { printList } from './print-list.ts'

const COLUMNS: readonly Column<EgressHost>[] = [
  { title: 'host', value: ({ host }) => host },
  { title: 'state', value: ({ state }) => state },
  { title: 'namespace', value: ({ namespace }) => namespace },
  { title: 'callers', value: ({ callers }) => callers.map(({ agent, refusal }) => (refusal === null ? agent : `${agent} (refused)`)).join(', ') || '-' },
  { title: 'calls', value: ({ requests }) => requests },
  { title: 'errors', value: ({ errors }) => errors },
  { title: 'refused', value: ({ refused }) => refused },
  { title: 'tls', value: ({ tls, protocol }) => tls ?? protocol ?? '-' },
  { title: 'service', value: ({ service }) => service?.name ?? '-' },
]

export function register(program: Command): void {
  const egress = program.command('egress').description('hosts outside the mesh: who calls them, and who may')
  egress
    .command('list')
    .description('hosts that were called, or that somebody allowed or blocked; unknown ones first')
    .option('--window <time>', 'how far back', '1h')
    .action(({ window }: { window: string }, command: Command) => printList(command, '/egress', COLUMNS, { window }))
  for (const [word, access, says] of [['allow', 'Allow', 'let the agents of a namespace call a host'], ['block', 'Block', 'refuse a host to the agents of a namespace']] as const) {
    egress
      .command(`${word} <host>`)
      .description(says)
      .option('-n, --namespace <namespace>', 'of the callers', 'default')
      .option('--plaintext', 'it is called by plain HTTP, on port 80', false)
      .addHelpText('after', '\nIt writes an ExternalService. Who may call, TLS by the sidecar and credentials are its fields: heddle get externalservices -o yaml.\n')
      .action(async (host: string, flags: { namespace: string; plaintext: boolean }, command: Command) => decide({ host, access, ...flags }, command))
  }
}

interface Wish {
  host: string
  access: ExternalServiceSpec['access']
  namespace: string
  plaintext: boolean
}

/** What the service says besides stays, where there is one. */
async function decide({ host, access, namespace, plaintext }: Wish, command: Command): Promise<void> {
  const { mesh } = globalOptions(command)
  const wrong = whyNoHost(host)
  if (wrong !== null) throw new MeshError('bad_request', `“${host}” is no host that can be called: name ${wrong}`)
  const api = openApi()
  const { items } = await api.get<{ items: EgressHost[] }>('/egress', { mesh })
  const known = items.find((one) => one.host === host && one.namespace === namespace && one.service?.namespace === namespace)?.service
  const draft = draftService({ namespace, host, access, plaintext })
  const ref = { kind: draft.kind, namespace, name: known?.name ?? draft.metadata.name }
  const current = await readCurrent(api, mesh, ref)
  const before = current?.object.kind === 'ExternalService' ? current.object : null
  if (before && before.spec.host !== host) throw new MeshError('conflict', `ExternalService ${namespace}/${ref.name} is of ${before.spec.host}; write one for ${host} under another name with heddle apply`)
  const body = before ? { ...before, spec: { ...before.spec, access } } : draft
  const { revision, did } = await writeObject(api, mesh, ref, body, { current, reason: `heddle egress ${access === 'Allow' ? 'allow' : 'block'} ${host}` })
  console.log(`${host} is ${access === 'Allow' ? 'allowed' : 'blocked'} for ${namespace}: ExternalService ${ref.name} ${did === 'unchanged' ? 'said so already' : `${did} by revision ${revision}`}`)
}
