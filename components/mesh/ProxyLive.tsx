'use client'
import { useQuery } from '@tanstack/react-query'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useState } from 'react'
import { LogLevel, type ProxyAnswer, type ProxyQuestion } from '#server/contracts/proxy-question.ts'
import { asks } from '#components/asks.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { formatCount } from '#components/ui/format.ts'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { Select } from '#components/ui/Select.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { call, reading, type List } from './call.ts'
import { compareVersions } from './compare-versions.ts'
import { Loaded } from './Loaded.tsx'
import { describeType } from './xds-types.ts'

const ABOUTS = [{ id: 'clusters', title: 'Addresses' }, { id: 'config', title: 'Versions' }, { id: 'certificates', title: 'Certificates' }, { id: 'statistics', title: 'Statistics' }, { id: 'log', title: 'Log' }] as const
const URL_STATE = { live: parseAsStringLiteral(ABOUTS.map(({ id }) => id)), stat: parseAsString.withDefault('') }
/** Addresses are followed: an ejection lasts for seconds. */
const FOLLOW_MS = 3000
const LEVELS = LogLevel.options.map((id) => ({ id, title: id }))
const SHOWN_MAX = 300

type AnswerAbout<About extends ProxyAnswer['about']> = Extract<ProxyAnswer, { about: About }>

/** What its Envoy runs now, asked through its sidecar: nothing of it is stored. */
export function ProxyLive({ id, isAway }: { id: string; isAway: boolean }) {
  const [{ live, stat }, set] = useQueryStates(URL_STATE, { history: 'replace' })
  const question: ProxyQuestion | null = live === null ? null : live === 'statistics' ? { about: live, contains: stat } : live === 'log' ? { about: live, level: null } : { about: live }
  const query = useQuery({
    queryKey: ['proxy-live', id, question],
    queryFn: ({ signal }) => ask(id, question!, signal), // enabled only with one
    enabled: question !== null && !isAway,
    retry: false,
    refetchInterval: live === 'clusters' ? FOLLOW_MS : false,
  })
  const choose = <Segmented label="What it runs" options={ABOUTS} value={live} onChange={(next) => void set({ live: next, stat: null })} />
  return (
    <Card flush title="Now, from the proxy itself" actions={choose}>
      {isAway ? <EmptyState kind="no-data" title="It cannot be asked">It is away; above is what it last took.</EmptyState>
        : live === null ? <EmptyState kind="no-data" title="Nothing is asked yet">Choose what to ask its Envoy. The answer comes through its sidecar, within about two seconds; the admin interface is open to nobody.</EmptyState>
          : (
            <>
              {live === 'statistics' && <StatisticsFilter key={stat} stat={stat} onFind={(text) => void set({ stat: text || null })} />}
              <Loaded query={query} what={`the answer of ${id}`}>{(answer) => <Answer id={id} answer={answer} onChanged={() => void query.refetch()} />}</Loaded>
            </>
          )}
    </Card>
  )
}

async function ask(id: string, question: ProxyQuestion, signal?: AbortSignal): Promise<ProxyAnswer> {
  return (await call<ProxyAnswer>(`/proxies/${encodeURIComponent(id)}/questions`, { method: 'POST', body: question, signal })).body
}

function Answer({ id, answer, onChanged }: { id: string; answer: ProxyAnswer; onChanged: () => void }) {
  switch (answer.about) {
    case 'clusters':
      return <Clusters answer={answer} />
    case 'config':
      return <Versions id={id} answer={answer} />
    case 'certificates':
      return <Certificates answer={answer} />
    case 'statistics':
      return <Statistics answer={answer} />
    case 'log':
      return <Log id={id} answer={answer} onChanged={onChanged} />
  }
}

function Clusters({ answer }: { answer: AnswerAbout<'clusters'> }) {
  const rows = answer.clusters.flatMap(({ name, hosts }) => hosts.map((host) => ({ name, ...host }))).toSorted((a, b) => Number(a.isHealthy) - Number(b.isHealthy))
  const empty = answer.clusters.filter(({ hosts }) => hosts.length === 0).map(({ name }) => name)
  return (
    <>
      <Table label="Addresses">
        <thead><tr><Th>Cluster</Th><Th>Address</Th><Th>Health, as it sees it</Th><Th right>Under way</Th><Th right>Calls</Th><Th right>Errors</Th></tr></thead>
        <tbody>{rows.slice(0, SHOWN_MAX).map((row) => (
          <tr key={`${row.name} ${row.address}`}>
            <Td className="font-medium">{row.name}</Td><Td><code className="text-sm">{row.address}</code></Td>
            <Td wrap>{row.isHealthy ? <Tag state="ok">healthy</Tag> : <Tag state="bad" title={row.why.join('; ')}>{row.why.join('; ')}</Tag>}</Td>
            <Td right>{formatCount(row.active)}</Td><Td right>{formatCount(row.requests)}</Td><Td right>{formatCount(row.errors)}</Td>
          </tr>
        ))}</tbody>
      </Table>
      {empty.length > 0 && <p className="m-0 px-2.5 py-2 text-muted">Without an address: {empty.slice(0, 12).join(', ')}{empty.length > 12 && ` and ${empty.length - 12} more`}.</p>}
    </>
  )
}

function Versions({ id, answer }: { id: string; answer: AnswerAbout<'config'> }) {
  const sent = useQuery({ queryKey: [...asks.proxyResources(id).key, 'beside', answer], queryFn: reading<List<{ typeUrl: string; name: string; acked: string | null }>>(asks.proxyResources(id)).read })
  return (
    <Loaded query={sent} what="what it was sent">
      {({ items }) => {
        const rows = compareVersions(items, answer.resources)
        const differing = rows.filter(({ isSame }) => !isSame).length
        return (
          <>
            <p className="m-0 px-2.5 py-2 text-muted">{differing === 0 ? `All ${rows.length} run as they were taken.` : `${differing} of ${rows.length} do not run as they were taken.`} An Envoy tells no versions of endpoints, of virtual hosts, and of the routes that these make.</p>
            <Table label="Versions">
              <thead><tr><Th>Resource</Th><Th>Type</Th><Th>State</Th><Th>Taken</Th><Th>Runs</Th></tr></thead>
              <tbody>{rows.slice(0, SHOWN_MAX).map((row) => (
                <tr key={`${row.typeUrl} ${row.name}`}>
                  <Td className="font-medium">{row.name}</Td><Td muted>{describeType(row.typeUrl)}</Td>
                  <Td>{row.isSame ? <Tag state="ok">as taken</Tag> : <Tag state="bad">{row.runs === null ? 'does not run' : row.taken === null ? 'not of control' : 'another version'}</Tag>}</Td>
                  <Td><code className="text-xs">{row.taken?.slice(0, 8) ?? '–'}</code></Td><Td><code className="text-xs">{row.runs?.slice(0, 8) || '–'}</code></Td>
                </tr>
              ))}</tbody>
            </Table>
          </>
        )
      }}
    </Loaded>
  )
}

function Certificates({ answer }: { answer: AnswerAbout<'certificates'> }) {
  return (
    <Table label="Certificates">
      <thead><tr><Th>Of</Th><Th>Serial</Th><Th>From</Th><Th>Until</Th></tr></thead>
      <tbody>{answer.certificates.map((one) => (
        <tr key={`${one.serial} ${one.isRoot}`}>
          <Td wrap><span className="break-all">{one.names.join(', ')}</span>{one.isRoot && <span className="text-muted"> root</span>}</Td>
          <Td><code className="text-xs">{one.serial}</code></Td><Td muted><LocalTime at={one.from} /></Td><Td muted><LocalTime at={one.to} /></Td>
        </tr>
      ))}</tbody>
    </Table>
  )
}

function StatisticsFilter({ stat, onFind }: { stat: string; onFind: (text: string) => void }) {
  const [text, setText] = useState(stat)
  return (
    <form className="flex items-end gap-2 px-2.5 py-2" onSubmit={(event) => {
      event.preventDefault()
      onFind(text.trim())
    }}>
      <Field label="Names that hold" mono value={text} onChange={setText} placeholder="upstream_rq_5xx" maxLength={200} className="w-80" />
      <Button type="submit">Find</Button>
    </form>
  )
}

function Statistics({ answer }: { answer: AnswerAbout<'statistics'> }) {
  if (answer.found === 0) return <EmptyState kind="filtered" title="No counter has such a name" />
  return (
    <>
      <Table label="Statistics">
        <thead><tr><Th>Name</Th><Th right>Value</Th></tr></thead>
        <tbody>{answer.statistics.map(({ name, value }) => <tr key={name}><Td wrap><code className="break-all text-sm">{name}</code></Td><Td right>{formatCount(value)}</Td></tr>)}</tbody>
      </Table>
      {answer.found > answer.statistics.length && <p className="m-0 px-2.5 py-2 text-muted">The first {answer.statistics.length} of {formatCount(answer.found)}.</p>}
    </>
  )
}

function Log({ id, answer, onChanged }: { id: string; answer: AnswerAbout<'log'>; onChanged: () => void }) {
  const why = useWhyNot('operator')
  const levels = [...Map.groupBy(Object.entries(answer.levels), ([, level]) => level)].toSorted((a, b) => b[1].length - a[1].length)
  const common = levels[0]?.[0] ?? 'warning'
  const [level, setLevel] = useState<LogLevel>(LEVELS.find((one) => one.id === common)?.id ?? 'warning')
  const [setting, setSetting] = useState<{ busy: boolean; error: string | null }>({ busy: false, error: null })
  const change = async () => {
    setSetting({ busy: true, error: null })
    const error = await ask(id, { about: 'log', level }).then(() => null, (cause: Error) => cause.message)
    setSetting({ busy: false, error })
    onChanged()
  }
  return (
    <div className="grid gap-3 px-2.5 py-2">
      <ul className="m-0 grid gap-1 pl-4">{levels.map(([name, loggers]) => <li key={name}><b className="font-medium">{name}</b>: {loggers.length === Object.keys(answer.levels).length ? 'everything' : loggers.length > 8 ? `${loggers.length} loggers` : loggers.map(([logger]) => logger).join(', ')}</li>)}</ul>
      <div className="flex flex-wrap items-end gap-2">
        <Select label="Write from this level on" options={LEVELS} value={level} onChange={setLevel} />
        <Button why={why} isPending={setting.busy} onPress={() => void change()}>Set it</Button>
      </div>
      <p className="m-0 text-sm text-muted">Until the proxy starts again. The log is in its sidecar’s directory, envoy.log; debug writes a few lines for each call.</p>
      {setting.error && <p role="alert" className="m-0 text-sm text-bad">{setting.error}</p>}
    </div>
  )
}
