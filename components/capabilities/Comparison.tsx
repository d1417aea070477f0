import type { Comparison, Evaluation } from '#server/contracts/semantic.ts'
import { plural } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { share } from './share.ts'

const agent = (name: string | null) => name ?? 'nobody'

const CHANGED: readonly Column<Comparison['changed'][number]>[] = [
  { id: 'task', header: 'Task', wrap: true, cell: (row) => row.task },
  { id: 'wanted', header: 'Should be', cell: (row) => agent(row.wanted) },
  { id: 'chosen', header: 'Stored', cell: (row) => agent(row.chosen) },
  { id: 'other', header: 'With these settings', cell: (row) => agent(row.other) },
]

/** What other settings would change, and whether that is more than chance. */
export function ComparisonResult({ now, comparison: { other, better, worse, byChance, changed } }: { now: Evaluation; comparison: Comparison }) {
  return (
    <div className="mt-4 grid gap-4">
      <h3 className="m-0 text-base font-medium">With the settings to compare with</h3>
      <KeyValue wide rows={[
        ['Right, with these settings', `${share(other.accuracyWithFallback)}, as stored ${share(now.accuracyWithFallback)}`],
        ['Given to an agent', `${share(other.coverage)}, as stored ${share(now.coverage)}`],
        ['Changes', `${plural(better, 'task')} better, ${worse} worse`],
        ['So much by chance alone', share(byChance)],
      ]} />
      {changed.length > 0 && <DataTable label="Tasks that change their agent" columns={CHANGED} rows={changed} rowKey={(row) => row.task} empty={null} />}
    </div>
  )
}
