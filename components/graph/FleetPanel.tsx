'use client'
import { Button } from '#components/ui/Button.tsx'
import { formatRate, formatShare, plural } from '#components/ui/format.ts'
import { Panel } from '#components/ui/Panel.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { markOf, worstFirst, type NodeView } from './figures.ts'

const SHOWN_MAX = 25

/** Agents of a group, or of everything, worst first. */
export function FleetPanel({ title, nodes, onSelect, onOpen, onClose }: { title: string; nodes: readonly NodeView[]; onSelect: (id: string) => void; onOpen?: () => void; onClose?: () => void }) {
  const sorted = nodes.toSorted(worstFirst)
  const more = sorted.length - SHOWN_MAX
  return (
    <Panel title={title} onClose={onClose} actions={onOpen && <Button small onPress={onOpen}>Open the group</Button>}>
      <Table label={title} className="-mx-2.5">
        <thead>
          <tr><Th>Agent</Th><Th right>Calls</Th><Th right>Errors</Th></tr>
        </thead>
        <tbody>
          {sorted.slice(0, SHOWN_MAX).map((node) => (
            <tr key={node.id}>
              <Td>
                <button type="button" onClick={() => onSelect(node.id)} className="flex max-w-[170px] items-center gap-2 rounded-sm text-left hover:underline">
                  <StateMark state={markOf(node.health)} label={node.health} />
                  <span className="truncate font-medium">{node.name}</span>
                </button>
                <span className="block pl-[19px] text-xs text-muted">{node.namespace ?? node.kind}</span>
              </Td>
              <Td right>{formatRate(node.received.perSecond)}</Td>
              <Td right className={node.health === 'failing' ? 'text-bad' : node.health === 'degraded' ? 'text-warn' : undefined}>{formatShare(node.received.errorShare)}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
      {more > 0 && <p className="mt-2 mb-0 text-sm text-muted">{plural(more, 'more', 'more')}. Double-click a group to open it; type to find one.</p>}
    </Panel>
  )
}
