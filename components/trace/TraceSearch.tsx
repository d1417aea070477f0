'use client'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Agent } from '#server/contracts/agent.ts'
import type { AttributeName } from '#server/contracts/telemetry.ts'
import { asks } from '#components/asks.ts'
import { get, type List } from '#components/mesh/call.ts'
import { Failure } from '#components/mesh/Loaded.tsx'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field, inputClasses } from '#components/ui/Field.tsx'
import { formatCount, plural } from '#components/ui/format.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { SkeletonRows } from '#components/ui/Skeleton.tsx'
import { paths } from '#components/paths.ts'
import { Histogram } from '#components/charts/Histogram.tsx'
import { Attributes } from './Attributes.tsx'
import { ColumnsMenu } from './ColumnsMenu.tsx'
import { durationBars } from './duration-bars.ts'
import { QueryLine } from './QueryLine.tsx'
import { printDuration } from './scale.ts'
import { useTraceColumns } from './trace-columns.ts'
import { TraceScatter } from './TraceScatter.tsx'
import { TraceTable } from './TraceTable.tsx'
import { useTraceSearch } from './use-trace-search.ts'

const STATUSES = [{ id: 'any', title: 'Any' }, { id: 'ok', title: 'Ok' }, { id: 'error', title: 'Failed' }] as const

/** Finds traces by service, operation, duration, status, any attribute, and time. */
export function TraceSearch() {
  const search = useTraceSearch()
  const { filters, setFilters, query, traces, says } = search
  const agents = useQuery({ queryKey: asks.agentNames().key, queryFn: get<List<Agent>>(asks.agentNames().path), staleTime: 60_000, retry: false })
  const attributes = useQuery({ queryKey: asks.attributeNames(filters.service).key, queryFn: get<{ items: AttributeName[] }>(asks.attributeNames(filters.service).path), staleTime: 60_000, retry: false })
  const { columns, choose } = useTraceColumns()
  const bars = useMemo(() => durationBars(traces), [traces])
  const services = [...new Set([...(agents.data?.items.map((agent) => agent.metadata.name) ?? []), ...traces.flatMap((trace) => trace.services.map((service) => service.name))])].sort()
  const tail = (
    <Button small aria-pressed={search.tailing} onPress={() => void setFilters({ tail: filters.tail ? false : null })} why={search.paused ? 'The page is paused; resume it at the top' : null}>
      <Icon name={search.tailing ? 'pause' : 'play'} size={14} />{search.tailing ? 'Pause the tail' : 'Follow new traces'}
    </Button>
  )
  return (
    <div className="grid gap-[18px]">
      <QueryLine filters={filters} services={services} attributes={attributes.data?.items ?? []} onFilters={(next) => void setFilters({ service: next.service || null, operation: next.operation || null, status: next.status === 'any' ? null : next.status, min: next.min || null, max: next.max || null, attr: next.attr.length > 0 ? next.attr : null })} />
      <form role="search" aria-label="Find traces" onSubmit={(event) => { event.preventDefault(); void query.refetch() }} className="flex flex-wrap items-end gap-3">
        <label className="grid w-44 min-w-0 gap-1 max-md:w-full" data-find>
          <span className="text-sm text-muted">Service</span>
          <input list="services" value={filters.service} onChange={(event) => void setFilters({ service: event.target.value || null })} placeholder="any" className={inputClasses} />
          <datalist id="services">{services.map((service) => <option key={service} value={service} />)}</datalist>
        </label>
        <Field label="Operation" value={filters.operation} onChange={(operation) => void setFilters({ operation: operation || null })} placeholder="any" className="w-44 max-md:w-full" />
        <Field label="Took at least" value={filters.min} onChange={(min) => void setFilters({ min: min || null })} placeholder="200ms" error={search.badMin ? 'such as 200ms or 1.5s' : undefined} className="w-28" />
        <Field label="at most" value={filters.max} onChange={(max) => void setFilters({ max: max || null })} placeholder="2s" error={search.badMax ? 'such as 200ms or 1.5s' : undefined} className="w-28" />
        <Attributes written={filters.attr} onWritten={(attr) => void setFilters({ attr: attr.length > 0 ? attr : null })} names={attributes.data?.items ?? []} />
        <div className="grid gap-1"><span className="text-sm text-muted">Status</span><Segmented label="Status" options={STATUSES} value={filters.status} onChange={(status) => void setFilters({ status: status === 'any' ? null : status })} /></div>
        {search.isFiltered && <Button look="quiet" onPress={search.clear}>Clear</Button>}
      </form>
      {query.isPending ? <Card flush title="Traces"><SkeletonRows rows={10} label="Searching" /></Card>
        : query.error && traces.length === 0 ? <Card title="Traces"><Failure error={query.error} what="the traces" action={<Button small onPress={() => void query.refetch()}>Try again</Button>} /></Card>
          : (
            <>
              {query.error && <Notice state="warn">These are the traces as they were found last; since then: {query.error.message}</Notice>}
              {traces.length > 1 && <Card title="When and how long" note={query.hasNextPage ? `the ${formatCount(traces.length)} newest of the ${says}` : says}><div className="grid items-end gap-x-7 gap-y-3 lg:grid-cols-[minmax(0,1fr)_300px]"><TraceScatter traces={traces} /><Histogram bars={bars} format={printDuration} label={`How many took how long: ${plural(traces.length, 'trace')}`} /></div></Card>}
              <Card flush title="Traces" note={traces.length > 0 ? `${formatCount(traces.length)}${query.hasNextPage ? ' and more' : ''}, newest first` : says} actions={<>{tail}{traces.length > 0 && <ColumnsMenu columns={columns} onChoose={choose} />}</>}>
                {traces.length === 0
                  ? search.lookedBackTo !== null
                    ? <EmptyState kind="filtered" title="No trace is like that so far" action={<Button isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>Look further back</Button>}>The search has looked back to <LocalTime at={search.lookedBackTo} />.</EmptyState>
                    : search.isFiltered
                    ? <EmptyState kind="filtered" title="No trace is like that" action={<Button onPress={search.clear}>Clear the filters</Button>}>Nothing in the {says} meets all of these. A longer time range may.</EmptyState>
                    : <EmptyState kind="no-data" title={`No trace in the ${says}`} action={<ButtonLink href={paths.connect({ way: 'telemetry' })}>Send traces to Heddle</ButtonLink>}>Traces come from your agents’ OpenTelemetry exporters, and from sidecars.</EmptyState>
                  : <TraceTable traces={traces} columns={columns} />}
                {query.hasNextPage && traces.length > 0 && <div className="flex items-center gap-3 px-2.5 py-2"><Button small isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>Older traces</Button>{search.lookedBackTo !== null && <span className="text-sm text-muted">Looked back to <LocalTime at={search.lookedBackTo} />.</span>}{!search.tailing && filters.tail && !search.paused && <span className="text-sm text-muted">The tail rests while older ones are open.</span>}</div>}
              </Card>
            </>
          )}
    </div>
  )
}
