'use client'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { Severity, type AnalysisFinding } from '#server/contracts/analysis.ts'
import { describeRef, type ObjectRef } from '#server/contracts/object.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { printPlace } from '#components/mesh/place.ts'
import { pathOfObject, withQuery } from '#components/paths.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { isFound, SEVERITY_MARKS } from './findings.ts'
import { useAnalysis } from './use-findings.ts'

const SHOWN = ['all', ...Severity.options] as const
const TITLES: Record<(typeof SHOWN)[number], string> = { all: 'All', error: 'Errors', warning: 'Warnings', note: 'Notes' }
const URL_STATE = { q: parseAsString.withDefault(''), severity: parseAsStringLiteral(SHOWN).withDefault('all') }

const COLUMNS: readonly Column<AnalysisFinding>[] = [
  { id: 'severity', header: 'Severity', sortBy: ({ severity }) => SHOWN.indexOf(severity), cell: ({ severity }) => <Tag state={SEVERITY_MARKS[severity]}>{severity}</Tag> },
  { id: 'object', header: 'Object', sortBy: ({ object }) => describeRef(object), cell: ({ object, pointer }) => <Place object={object} pointer={pointer} /> },
  { id: 'finding', header: 'What it is', wrap: true, cell: ({ detail, code }) => <span className="block min-w-56 max-w-[60ch] break-words">{detail}.<code className="block text-xs text-muted">{code}</code></span> },
  { id: 'fix', header: 'What mends it', wrap: true, cell: ({ fix }) => <span className="block min-w-48 max-w-[48ch]">{fix}</span> },
]

/** What is valid and still wrong or risky in the whole configuration. */
export function FindingsPage() {
  const [view, setView] = useQueryStates(URL_STATE, { history: 'replace' })
  const query = useAnalysis()
  const items = query.data?.items ?? []
  const count = (severity: (typeof SHOWN)[number]) => (severity === 'all' ? items.length : items.filter((item) => item.severity === severity).length)
  return (
    <Page title="Findings" command="npx heddle analyze">
      <Card flush title="What is valid and still wrong or risky" note={query.data && `${plural(items.length, 'finding')} in revision ${query.data.revision}`} actions={
        <span className="flex min-w-0 flex-wrap items-center gap-2">
          <Segmented label="Severity" value={view.severity} onChange={(severity) => void setView({ severity: severity === 'all' ? null : severity })} options={SHOWN.map((id) => ({ id, title: `${TITLES[id]} ${count(id)}` }))} />
          <span data-find><Field label="Find a finding" labelHidden placeholder="Find by object or word" value={view.q} onChange={(q) => void setView({ q: q || null })} className="w-52" /></span>
        </span>}>
        <Loaded query={query} what="the findings">
          {() => <DataTable label="Findings" columns={COLUMNS} rows={items.filter((item) => (view.severity === 'all' || item.severity === view.severity) && isFound(item, view.q))} rowKey={({ object, code, pointer, detail }) => `${describeRef(object)} ${code} ${pointer} ${detail}`} firstSort={{ column: 'severity', descending: false }}
            empty={items.length === 0
              ? <EmptyState kind="well" title="Nothing to say">Whatever routes, policies and agents say is looked at with every change; what is risky is listed here with what mends it.</EmptyState>
              : <EmptyState kind="filtered" title={`None of ${plural(items.length, 'finding')} is like that`} action={<Button onPress={() => void setView({ q: null, severity: null })}>Show all</Button>} />} />}
        </Loaded>
      </Card>
    </Page>
  )
}

/** With the way to the field, where the object has a page that leads there. */
function Place({ object, pointer }: { object: ObjectRef; pointer: string }) {
  const path = pathOfObject(object)
  const href = path && object.kind.endsWith('Route') && object.kind !== 'AgentRoute' ? withQuery(path, { tab: 'yaml', pointer }) : path
  return (
    <span className="block">
      <span className="font-medium">{href ? <Link href={href} className="no-underline hover:underline">{object.name}</Link> : object.name}</span> <span className="text-muted">{object.kind}</span>
      {pointer !== '' && <span className="block max-w-52 truncate text-xs text-muted" title={pointer}>{printPlace(pointer)}</span>}
    </span>
  )
}
