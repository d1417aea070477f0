'use client'
import type { Overview } from '#server/contracts/overview.ts'
import { paths } from '#components/paths.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Link } from '#components/ui/Link.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Table, Td } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'

type Change = Overview['changes'][number]

export function RecentChanges({ changes }: { changes: readonly Change[] }) {
  return (
    <Card title="Changes" flush actions={<ButtonLink small look="quiet" href={paths.changes()}>All changes</ButtonLink>}>
      {changes.length === 0 ? (
        <EmptyState kind="no-data" title="Nothing has been changed yet">Every accepted change becomes a revision here, with who made it, why, and how many proxies took it.</EmptyState>
      ) : (
        <Table label="Latest changes">
          <thead className="sr-only">
            <tr><th scope="col">Revision</th><th scope="col">What</th><th scope="col">Who and why</th><th scope="col">Taken by</th><th scope="col">When</th></tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <tr key={change.revision}>
                <Td><Link href={paths.change(change.revision)} className="font-mono no-underline hover:underline">{change.revision}</Link></Td>
                <Td className="max-w-[260px] truncate"><span title={change.title}>{change.title}</span></Td>
                <Td muted className="max-w-[150px] truncate">{change.author}{change.reason && `, “${change.reason}”`}</Td>
                <Td><ChangeTag change={change} /></Td>
                <Td muted right><RelativeTime at={change.at} /></Td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  )
}

function ChangeTag({ change: { state, accepted, of } }: { change: Change }) {
  if (state === 'rejected') return <Tag state="bad">refused, {accepted} of {of}</Tag>
  if (state === 'pending') return <Tag state="warn">{accepted} of {of}</Tag>
  if (state === 'superseded') return <Tag>replaced</Tag>
  return <Tag state="ok">{of === 0 ? 'no connected proxy needed it' : `${accepted} of ${of}`}</Tag>
}
