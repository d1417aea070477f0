'use client'
import type { CandidateRow } from '#server/contracts/semantic.ts'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { NOTHING } from '#components/ui/format.ts'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'

const number = (value: number | null) => value?.toFixed(3) ?? NOTHING

const COLUMNS: readonly Column<CandidateRow>[] = [
  { id: 'agent', header: 'Candidate', cell: (row) => <span className="font-medium">{row.agent}</span> },
  { id: 'skill', header: 'Nearest skill', muted: true, cell: (row) => row.skill ?? NOTHING },
  { id: 'similarity', header: 'Similarity', right: true, cell: (row) => number(row.similarity) },
  { id: 'score', header: 'Score', right: true, cell: (row) => number(row.score) },
  { id: 'health', header: 'Health', right: true, muted: true, cell: (row) => row.health.toFixed(2) },
  { id: 'load', header: 'Free', right: true, muted: true, cell: (row) => row.load.toFixed(2) },
  { id: 'latency', header: 'Speed', right: true, muted: true, cell: (row) => row.latency.toFixed(2) },
  { id: 'price', header: 'Price', right: true, muted: true, cell: (row) => row.price.toFixed(2) },
  { id: 'why', header: 'Lost because', wrap: true, cell: (row) => row.why ?? <Tag state="ok">chosen</Tag> },
]

/** Who could have answered, and why each did not. */
export function CandidateTable({ rows }: { rows: readonly CandidateRow[] }) {
  return <DataTable label="Candidates" columns={COLUMNS} rows={rows} rowKey={(row) => row.agent} empty={<EmptyState kind="no-data" title="Nobody was compared" />} />
}
