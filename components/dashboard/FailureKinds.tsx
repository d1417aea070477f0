'use client'
import type { UseQueryResult } from '@tanstack/react-query'
import type { Breakdown } from '#server/contracts/telemetry.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { formatCount, formatShare } from '#components/ui/format.ts'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'

/** What failed and refused answers were: how often each came, and as a share of all calls. */
export function FailureKinds({ query, before, then }: { query: UseQueryResult<Breakdown>; before: Breakdown | null; then: string | null }) {
  return (
    <Card flush title="Why calls failed" note="by the status of the answer, as spans tell">
      <Loaded query={query} what="why calls failed">
        {({ kinds, looked, kindsBackTo }) =>
          kinds.length === 0 ? (
            <EmptyState kind={looked === 0 ? 'no-data' : 'well'} title={looked === 0 ? 'No span tells of a call' : 'None failed'}>{looked === 0 ? 'Calls are counted by the proxies; what failed is told by spans.' : `Of ${formatCount(looked)} calls none failed or was refused.`}</EmptyState>
          ) : (
            <>
              <Table label="Why calls failed">
                <thead><tr><Th>Answer</Th><Th><span className="sr-only">Share</span></Th><Th right>Calls</Th><Th right>Of all</Th>{then && <Th right><span title={then}>Before</span></Th>}</tr></thead>
                <tbody>
                  {kinds.map(({ what, refused, calls }) => {
                    const was = before?.kinds.find((kind) => kind.what === what && kind.refused === refused)?.calls ?? 0
                    return (
                      <tr key={`${what} ${refused}`}>
                        <Td><span className="font-medium">{what}</span> <span className="text-muted">{refused ? 'refused' : 'error'}</span></Td>
                        <Td><i aria-hidden="true" className="block h-1.5 min-w-[2px] rounded-full" style={{ width: `${(calls / (kinds[0]?.calls ?? 1)) * 56}px`, background: refused ? 'var(--idle)' : 'var(--bad)' }} /></Td>
                        <Td right>{formatCount(calls)}</Td>
                        <Td right>{formatShare(calls / looked)}</Td>
                        {then && <Td right muted>{before && before.looked > 0 ? formatShare(was / before.looked) : '–'}</Td>}
                      </tr>
                    )
                  })}
                </tbody>
              </Table>
              {kindsBackTo && <p className="m-0 px-2.5 py-1 text-sm text-muted">Of the newest {formatCount(looked)} calls, since <LocalTime at={kindsBackTo} />.</p>}
            </>
          )
        }
      </Loaded>
    </Card>
  )
}
