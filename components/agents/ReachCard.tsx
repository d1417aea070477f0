'use client'
import { useState } from 'react'
import type { Reach, ReachRow, ReachVerdict } from '#server/contracts/reach.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { TOPICS } from '#components/mesh/topics.ts'
import { paths } from '#components/paths.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'

const DIRECTIONS = [{ id: 'callers', title: 'Who can call it' }, { id: 'callees', title: 'What it can call' }] as const
const VERDICTS: Record<ReachVerdict, { state: 'ok' | 'info' | 'idle'; word: string }> = { all: { state: 'ok', word: 'every call' }, some: { state: 'info', word: 'some calls' }, none: { state: 'idle', word: 'no call' } }
const SHOWN = 8

/** What the configuration lets through, whether or not anybody calls: by names, routes, revocations and policies. */
export function ReachCard({ namespace, name }: { namespace: string; name: string }) {
  const [direction, setDirection] = useState<Reach['direction']>('callers')
  const query = useLiveQuery<Reach>({ ...reading<Reach>(asks.reach(namespace, name, direction)), topics: TOPICS.revisions, everyMs: 15_000 })
  const actions = (
    <>
      {direction === 'callers' && <ButtonLink small look="quiet" href={paths.newPolicy('access', { agent: name, namespace })}>Narrow it…</ButtonLink>}
      <Segmented label="Which way" options={DIRECTIONS} value={direction} onChange={setDirection} />
    </>
  )
  return (
    <Card flush title="Reach" note={query.data && summarize(query.data)} actions={actions}>
      <Loaded query={query} what="who can reach it">{(reach) => <Rows key={direction} reach={reach} />}</Loaded>
    </Card>
  )
}

function Rows({ reach }: { reach: Reach }) {
  const [all, setAll] = useState(false)
  const shown = all ? reach.items : reach.items.slice(0, SHOWN)
  return (
    <div className="grid gap-1.5">
      {reach.plaintext !== null && reach.plaintext !== 'none' && <div className="px-2.5"><Notice state="warn">Callers without an identity get in with {VERDICTS[reach.plaintext].word}: its mTLS is permissive.</Notice></div>}
      {reach.unguarded !== null && reach.unguarded > 0 && <div className="px-2.5"><Notice state="warn">{reach.unguarded} of its instances {reach.unguarded === 1 ? 'has' : 'have'} no sidecar: no policy guards {reach.unguarded === 1 ? 'it' : 'them'}.</Notice></div>}
      {shown.length === 0 ? <p className="m-0 px-2.5 py-3 text-muted">There is no other agent.</p> : (
        <Table label="Reach">
          <thead><tr><Th>Agent</Th><Th>May make</Th><Th>Because</Th></tr></thead>
          <tbody>{shown.map((row) => <ReachLine key={row.agent} row={row} />)}</tbody>
        </Table>
      )}
      {reach.items.length > SHOWN && <div className="px-2.5 pb-1"><Button small look="quiet" onPress={() => setAll(!all)}>{all ? 'Fewer' : `All ${reach.items.length}`}</Button></div>}
    </div>
  )
}

function ReachLine({ row }: { row: ReachRow }) {
  const [namespace = '', name = ''] = row.agent.split('/')
  const { state, word } = VERDICTS[row.verdict]
  const elsewhere = row.names.filter((each) => !each.startsWith(`${name}.`))
  return (
    <tr>
      <Td><Link href={paths.agent(namespace, name)} className="font-medium no-underline hover:underline">{namespace !== 'default' && <span className="text-muted">{namespace}/</span>}{name}</Link></Td>
      <Td><Tag state={state}>{word}</Tag></Td>
      <Td wrap><span className="block min-w-56">{row.why}{row.verdict !== 'none' && elsewhere.length > 0 && <span className="text-muted"> Under {row.names.slice(0, 3).join(', ')}{row.names.length > 3 && ` and ${row.names.length - 3} more`}.</span>}</span></Td>
    </tr>
  )
}

function summarize({ direction, counts }: Reach): string {
  const may = counts.all + counts.some
  return direction === 'callers' ? `${may} of ${may + counts.none} other agents may call it` : `it may call ${may} of ${may + counts.none} other agents`
}
