'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { Fragment, useState } from 'react'
import type { AuditEntry } from '#server/contracts/security.ts'
import { asks } from '#components/asks.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Menu } from '#components/ui/Menu.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import type { MarkState } from '#components/ui/StateMark.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { withQuery } from '#components/paths.ts'
import { get, type List } from './call.ts'
import { Failure } from './Loaded.tsx'

const RESULTS: Record<AuditEntry['result'], { mark: MarkState; words: string }> = { ok: { mark: 'ok', words: 'Done' }, denied: { mark: 'warn', words: 'Denied' }, failed: { mark: 'bad', words: 'Failed' } }
const FILTERS = { actor: parseAsString.withDefault(''), action: parseAsString.withDefault(''), result: parseAsStringLiteral(['any', 'ok', 'denied', 'failed']).withDefault('any') }

/** Who did what, and what was denied; entries are only ever added. */
export function AuditList() {
  const [filters, setFilters] = useQueryStates(FILTERS, { history: 'replace', throttleMs: 250 })
  const asked = { actor: filters.actor || null, action: filters.action || null, result: filters.result === 'any' ? null : filters.result }
  const query = useInfiniteQuery({
    queryKey: asks.audit(asked).key,
    queryFn: ({ pageParam, signal }) => get<List<AuditEntry>>(asks.audit(asked).path, { continue: pageParam })({ signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.metadata.continue,
    placeholderData: (previous) => previous,
    refetchInterval: (state) => ((state.state.data?.pages.length ?? 1) === 1 ? 5000 : false),
  })
  const entries = query.data?.pages.flatMap((page) => page.items) ?? []
  const isFiltered = Object.values(asked).some((value) => value !== null)
  const clear = () => void setFilters({ actor: null, action: null, result: null })
  const exports = (['csv', 'ndjson'] as const).map((format) => ({ id: format, title: format === 'csv' ? 'CSV' : 'NDJSON', onAction: () => location.assign(withQuery('/api/v1/audit', { ...asked, format })) }))
  return (
    <Page title="Audit" actions={<Menu label="Export what is found" items={exports}><Button><Icon name="download" size={14} />Export…</Button></Menu>}>
      <div className="grid gap-[18px]">
        <form role="search" aria-label="Filter the audit" onSubmit={(event) => event.preventDefault()} className="flex flex-wrap items-end gap-3">
          <span data-find className="max-md:w-full"><Field label="Who" value={filters.actor} onChange={(actor) => void setFilters({ actor: actor || null })} placeholder="anybody" className="w-44 max-md:w-full" /></span>
          <Field label="Action" value={filters.action} onChange={(action) => void setFilters({ action: action || null })} placeholder="any, such as token" className="w-44 max-md:w-full" />
          <div className="grid gap-1"><span className="text-sm text-muted">Result</span><Segmented label="Result" value={filters.result} onChange={(result) => void setFilters({ result: result === 'any' ? null : result })} options={[{ id: 'any', title: 'Any' }, { id: 'ok', title: 'Done' }, { id: 'denied', title: 'Denied' }, { id: 'failed', title: 'Failed' }]} /></div>
          {isFiltered && <Button look="quiet" onPress={clear}>Clear</Button>}
        </form>
        <Card flush title="Audit" note="append-only, newest first">
          {query.isPending ? <SkeletonRows rows={10} label="Loading the audit" />
            : query.error && entries.length === 0 ? <Failure error={query.error} what="the audit" action={<Button small onPress={() => void query.refetch()}>Try again</Button>} />
              : (
                <>
                  {query.error && <Notice state="warn">This is not up to date: {query.error.message}</Notice>}
                  {entries.length > 0 ? <Entries list={entries} /> : isFiltered ? <EmptyState kind="filtered" title="No entry is like that" action={<Button onPress={clear}>Show all</Button>} /> : <EmptyState kind="no-data" title="Nothing yet">Sign-ins, tokens, roles, certificates, changes and denials are written here.</EmptyState>}
                  {query.hasNextPage && <div className="px-2.5 py-2"><Button small isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>Older</Button></div>}
                </>
              )}
        </Card>
      </div>
    </Page>
  )
}

function Entries({ list }: { list: readonly AuditEntry[] }) {
  const [open, setOpen] = useState<number | null>(null)
  return (
    <Table label="Audit">
      <thead><tr><Th>When</Th><Th>Who</Th><Th>Action</Th><Th>Target</Th><Th>Result</Th><Th><span className="sr-only">Detail</span></Th></tr></thead>
      <tbody>
        {list.map((entry) => (
          <Fragment key={entry.seq}>
            <tr className="hover:bg-ground">
              <Td muted><LocalTime at={entry.at} /></Td>
              <Td>{entry.actor}</Td>
              <Td>{entry.action}</Td>
              <Td><span className="block max-w-96 truncate" title={entry.target}>{entry.target}</span></Td>
              <Td><Tag state={RESULTS[entry.result].mark}>{RESULTS[entry.result].words}</Tag></Td>
              <Td right>{Object.keys(entry.detail).length > 0 && <Button small look="quiet" aria-expanded={open === entry.seq} onPress={() => setOpen(open === entry.seq ? null : entry.seq)}>{open === entry.seq ? 'Less' : 'Detail'}</Button>}</Td>
            </tr>
            {open === entry.seq && <tr><Td colSpan={6} wrap><pre tabIndex={0} aria-label="Detail" className="m-0 max-h-72 overflow-auto whitespace-pre-wrap break-words rounded-md bg-sunken px-3 py-2 text-xs">{JSON.stringify(entry.detail, null, 2)}</pre></Td></tr>}
          </Fragment>
        ))}
      </tbody>
    </Table>
  )
}
