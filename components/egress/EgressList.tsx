'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { EgressHost } from '#server/contracts/egress.ts'
import { draftService, whyNoHost, type ExternalServiceSpec } from '#server/contracts/external-service.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { call, reading, type List } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { NOTHING, plural } from '#components/ui/format.ts'
import { Notice } from '#components/ui/Notice.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'

interface Wish {
  row: EgressHost
  access: ExternalServiceSpec['access']
}

/** Hosts outside the mesh that agents called, and one click to allow or block each. */
export function EgressList() {
  const client = useQueryClient()
  const query = useLiveQuery<List<EgressHost>>({ ...reading<List<EgressHost>>(asks.egress()), topics: TOPICS.revisions, everyMs: 15_000 })
  const why = useWhyNot('operator')
  const decide = useMutation({ mutationFn: carryOut, onSuccess: () => client.invalidateQueries({ queryKey: asks.egress().key }) })
  const act = (row: EgressHost, access: Wish['access']) => {
    const wrong = whyNoHost(row.host)
    const pending = decide.isPending && decide.variables.row.host === row.host && decide.variables.row.namespace === row.namespace
    return <Button small why={why ?? (wrong === null ? null : `an ExternalService takes ${wrong}`)} isPending={pending} onPress={() => decide.mutate({ row, access })} aria-label={`${access} ${row.host}`}>{access}</Button>
  }
  const columns: Column<EgressHost>[] = [
    { id: 'host', header: 'Host', cell: (row) => <span className="font-medium">{row.host}</span> },
    { id: 'state', header: 'State', cell: (row) => <Tag state={TONE[row.state]}>{row.state}</Tag> },
    { id: 'namespace', header: 'Namespace', muted: true, cell: (row) => row.namespace },
    { id: 'callers', header: 'Callers', cell: (row) => row.callers.map(({ agent, refusal }) => (refusal === null ? agent : `${agent} (refused)`)).join(', ') || NOTHING },
    { id: 'calls', header: 'Calls in an hour', right: true, cell: (row) => row.requests },
    { id: 'errors', header: 'Errors', right: true, cell: (row) => row.errors },
    { id: 'refused', header: 'Refused', right: true, cell: (row) => row.refused },
    { id: 'tls', header: 'TLS by', muted: true, cell: (row) => TLS_BY[row.tls ?? 'unsaid'] + (row.credential ? `, with the credential ${row.credential}` : '') },
    { id: 'do', header: '', cell: (row) => <span className="flex gap-1.5">{row.state !== 'allowed' && act(row, 'Allow')}{row.state !== 'blocked' && act(row, 'Block')}</span> },
  ]
  return (
    <Card flush title="Hosts outside the mesh" note={query.data && plural(query.data.items.length, 'host')}>
      {decide.error && <div className="px-2.5 pb-2"><Notice state="bad">{decide.error.message}</Notice></div>}
      <Loaded query={query} what="which hosts were called">
        {({ items }) => (
          <DataTable
            label="Hosts outside the mesh"
            rows={items}
            rowKey={(row) => `${row.namespace} ${row.host}`}
            columns={columns}
            empty={<EmptyState kind="no-data" title="No agent called anything outside in the last hour">A host that is called through a sidecar is listed here within half a minute. To refuse what nobody named, apply an object of kind EgressPolicy.</EmptyState>}
          />
        )}
      </Loaded>
    </Card>
  )
}

const TONE = { unknown: 'warn', refused: 'bad', allowed: 'ok', blocked: 'bad' } as const
const TLS_BY = { Passthrough: 'the agent', Originate: 'the sidecar', None: 'nobody', unsaid: NOTHING } as const

/** By a revision, as any edit. What the service says besides stays, where the namespace has one. */
async function carryOut({ row, access }: Wish): Promise<void> {
  const { namespace, host, service, protocol } = row
  const reason = `${host} is ${access === 'Allow' ? 'allowed' : 'blocked'}`
  const draft = draftService({ namespace, host, access, plaintext: protocol !== 'tunnel' })
  const own = service?.namespace === namespace ? service : null
  const path = `/namespaces/${encodeURIComponent(namespace)}/externalservices/${encodeURIComponent(own?.name ?? draft.metadata.name)}`
  if (own) await call(path, { method: 'PATCH', query: { reason }, headers: { 'if-match': `"${own.resourceVersion}"` }, body: { spec: { access } } })
  else await call(path, { method: 'PUT', query: { reason }, body: draft })
}
