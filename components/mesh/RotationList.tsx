'use client'
import type { Rotation } from '#server/contracts/security.ts'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import type { MarkState } from '#components/ui/StateMark.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths } from '#components/paths.ts'
import { shortId, useRotations } from './certificates.ts'
import { Loaded } from './Loaded.tsx'

const STATES: Record<Rotation['state'], { mark: MarkState; words: string }> = { running: { mark: 'info', words: 'Running' }, waiting: { mark: 'warn', words: 'Waiting' }, paused: { mark: 'warn', words: 'Paused' }, done: { mark: 'ok', words: 'Done' }, cancelled: { mark: 'idle', words: 'Taken back' } }

const COLUMNS: readonly Column<Rotation>[] = [
  { id: 'started', header: 'Started', sortBy: (rotation) => -Date.parse(rotation.startedAt), cell: (rotation) => <Link href={paths.rotation(rotation.id)} className="font-medium no-underline hover:underline"><RelativeTime at={rotation.startedAt} /></Link> },
  { id: 'state', header: 'State', cell: (rotation) => <Tag state={STATES[rotation.state].mark}>{STATES[rotation.state].words}</Tag> },
  { id: 'proved', header: 'Proved', right: true, cell: (rotation) => `${rotation.proved} of ${rotation.of}` },
  { id: 'who', header: 'Who', cell: (rotation) => rotation.startedBy },
  { id: 'why', header: 'Why', wrap: true, cell: (rotation) => rotation.reason || <span className="text-faint">no reason given</span> },
  { id: 'issuers', header: 'From, to', muted: true, cell: (rotation) => <code className="text-xs">{shortId(rotation.from)} → {shortId(rotation.to)}</code> },
]

/** Every rotation of the issuing certificate, newest first. */
export function RotationList() {
  const query = useRotations()
  return (
    <Card flush title="Rotations of the issuing certificate">
      <Loaded query={query} what="the rotations">
        {({ items }) => <DataTable label="Rotations" columns={COLUMNS} rows={items} rowKey={(rotation) => rotation.id} firstSort={{ column: 'started', descending: false }} empty={<EmptyState kind="no-data" title="The issuing certificate was not rotated yet">Start a rotation under Identities.</EmptyState>} />}
      </Loaded>
    </Card>
  )
}
