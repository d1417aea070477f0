'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Peer } from '#server/contracts/registry.ts'
import { HEDDLE_API } from '#server/contracts/meta.ts'
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
import { DataTable } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'

type Wish = { peer: Peer; does: 'adopt' | 'block' | 'none' }

/** Peers that were seen in traffic and that nobody registered: adopt them, or refuse them everywhere. */
export function Strangers() {
  const client = useQueryClient()
  const query = useLiveQuery<List<Peer>>({ ...reading<List<Peer>>(asks.peers()), topics: TOPICS.revisions, everyMs: 15_000 })
  const why = useWhyNot('operator')
  const decide = useMutation({ mutationFn: carryOut, onSuccess: () => client.invalidateQueries({ queryKey: asks.peers().key }) })
  const act = (peer: Peer, does: Wish['does'], title: string) => <Button small why={why} isPending={decide.isPending && decide.variables.peer.id === peer.id} onPress={() => decide.mutate({ peer, does })}>{title}</Button>
  return (
    <Card flush title="Strangers" note={query.data && plural(query.data.items.length, 'peer')}>
      {decide.error && <div className="px-2.5 pb-2"><Notice state="bad">{decide.error.message}</Notice></div>}
      <Loaded query={query} what="who was seen">
        {({ items }) => (
          <DataTable
            label="Strangers"
            rows={items}
            rowKey={(peer) => peer.id}
            columns={[
              { id: 'peer', header: 'Peer', cell: (peer) => <span className="font-medium">{peer.name}</span> },
              { id: 'namespace', header: 'Namespace', muted: true, cell: (peer) => peer.namespace ?? NOTHING },
              { id: 'requests', header: 'Calls in an hour', right: true, cell: (peer) => peer.requests },
              { id: 'state', header: 'State', cell: (peer) => (peer.decision === 'block' ? <Tag state="bad">blocked by {peer.decidedBy}</Tag> : <Tag>seen</Tag>) },
              { id: 'do', header: '', cell: (peer) => <span className="flex gap-1.5">{peer.decision === 'block' ? act(peer, 'none', 'Let in again') : <>{act(peer, 'adopt', 'Adopt')}{act(peer, 'block', 'Block')}</>}</span> },
            ]}
            empty={<EmptyState kind="no-data" title="Everybody who was seen is registered">A peer that calls, or is called, and is no agent of the mesh is listed here within half a minute.</EmptyState>}
          />
        )}
      </Loaded>
    </Card>
  )
}

/** Adopting makes it an Agent, by a revision. */
async function carryOut({ peer: { namespace, name }, does }: Wish): Promise<void> {
  const at = namespace ?? 'default'
  if (does === 'adopt') await call(`/namespaces/${encodeURIComponent(at)}/agents/${encodeURIComponent(name)}`, { method: 'PUT', query: { reason: 'a peer that was seen in traffic is adopted' }, body: { apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name, namespace: at }, spec: {} } })
  else await call('/peers', { method: 'PUT', body: { namespace: at, name, decision: does } })
}
