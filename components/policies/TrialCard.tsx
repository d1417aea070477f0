'use client'
import { useQuery } from '@tanstack/react-query'
import { TriablePolicy, type PolicyTrial, type TrialRow } from '#server/contracts/policy-trial.ts'
import { parseSpiffeId } from '#server/contracts/ids.ts'
import { call } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { Card } from '#components/ui/Card.tsx'
import { plural } from '#components/ui/format.ts'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'

const SHOWN = 12

/** The draft of a policy of who gets in, tried on the last hour's calls before anybody enforces it. */
export function TrialCard({ object }: { object: Record<string, unknown> }) {
  const isWhole = TriablePolicy.safeParse(object).success // what is not is said beside the fields
  const trial = useQuery({
    queryKey: ['policy-trial', object],
    queryFn: async ({ signal }) => (await call<PolicyTrial>('/policy-trials', { method: 'POST', body: { policy: object }, signal })).body,
    enabled: isWhole,
    retry: false,
    staleTime: 30_000,
  })
  if (!isWhole) return null
  return (
    <Card title="Tried on the last hour’s calls" note={trial.data && <>{plural(trial.data.calls, 'call')} since <LocalTime at={trial.data.cutAt ?? trial.data.from} form="clock" /></>}>
      <Loaded query={trial} what="the trial">{(found) => <Found trial={found} />}</Loaded>
    </Card>
  )
}

function Found({ trial }: { trial: PolicyTrial }) {
  if (trial.calls === 0) return <p className="m-0 text-muted">Nobody called these agents in this time, so there is nothing to try it on.</p>
  return (
    <div className="grid gap-3">
      {trial.refusedCalls > 0
        ? <Notice state="warn">Enforced, it would have refused {plural(trial.refusedCalls, 'call')} that {trial.refusedCalls === 1 ? 'is' : 'are'} taken now.</Notice>
        : <Notice state="ok">Enforced, it would have refused none of the calls that are taken now.</Notice>}
      {trial.refused.length > 0 && <Rows label="Would be refused" rows={trial.refused} />}
      {trial.admittedCalls > 0 && <><Notice state="info">It would let {plural(trial.admittedCalls, 'call')} in that {trial.admittedCalls === 1 ? 'is' : 'are'} refused now.</Notice><Rows label="Would be let in" rows={trial.admitted} /></>}
      {trial.cutAt !== null && <p className="m-0 text-sm text-muted">There were more calls than are read; these are the newest.</p>}
    </div>
  )
}

function Rows({ label, rows }: { label: string; rows: readonly TrialRow[] }) {
  return (
    <div className="-mx-2.5">
      <Table label={label}>
        <thead><tr><Th>Caller</Th><Th>Call</Th><Th right>Calls</Th><Th>Because</Th></tr></thead>
        <tbody>
          {rows.slice(0, SHOWN).map((row) => (
            <tr key={`${row.agent} ${row.caller} ${row.method} ${row.path}`}>
              <Td className="font-medium">{callerOf(row)}</Td>
              <Td><span className="block max-w-72 truncate font-mono text-sm" title={row.path}>{row.method} {row.path}</span></Td>
              <Td right>{row.calls}</Td>
              <Td wrap muted><span className="block min-w-48">{row.why}</span></Td>
            </tr>
          ))}
        </tbody>
      </Table>
      {rows.length > SHOWN && <p className="m-0 px-2.5 pt-2 text-sm text-muted">and {rows.length - SHOWN} more</p>}
    </div>
  )
}

function callerOf({ caller }: TrialRow): string {
  if (caller === null) return 'no identity'
  const id = parseSpiffeId(caller)
  return id ? `${id.namespace === 'default' ? '' : `${id.namespace}/`}${id.agent}` : caller
}
