import { formatCount, formatRate, NOTHING } from '#components/ui/format.ts'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import type { EdgeView } from './figures.ts'

/** Two witnesses: the callers' proxies, which count everything, and the agents' own spans, which may be sampled. */
export function EvidenceTable({ edges, seconds }: { edges: readonly Pick<EdgeView, 'evidence'>[]; seconds: number }) {
  const of = (witness: 'mesh' | 'spans') => {
    const seen = edges.map((edge) => edge.evidence[witness]).filter((counts) => counts !== null)
    return seen.length === 0 ? null : seen.reduce((sum, counts) => ({ requests: sum.requests + counts.requests, errors: sum.errors + counts.errors }))
  }
  const rows = [
    ['Mesh', of('mesh'), 'counted by the caller’s proxy'],
    ['Spans', of('spans'), 'told by the agents, may be sampled'],
  ] as const
  return (
    <section>
      <h3 className="m-0 text-md font-medium">Evidence</h3>
      <Table label="Evidence" className="-mx-2.5">
        <thead>
          <tr><Th>Source</Th><Th right>Requests</Th><Th right>Errors</Th></tr>
        </thead>
        <tbody>
          {rows.map(([name, counts, says]) => (
            <tr key={name}>
              <Td wrap>{name}<span className="block text-xs text-faint">{counts ? says : 'saw nothing'}</span></Td>
              <Td right>{counts ? formatRate(counts.requests / seconds) : NOTHING}</Td>
              <Td right>{counts ? formatCount(counts.errors) : NOTHING}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  )
}
