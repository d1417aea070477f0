'use client'
import type { ReactNode } from 'react'
import { Card } from '#components/ui/Card.tsx'
import { HTTPMethod } from '#server/contracts/route-filters.ts'
import { ChoiceAt, ListAt, NumberAt, TextAt } from './BoundFields.tsx'
import { useBound } from './form-context.tsx'
import type { Path } from './pointer.ts'

const METHODS = HTTPMethod.options.map((method) => ({ id: method, title: method }))
const PATH_TYPES = [{ id: 'PathPrefix', title: 'begins with' }, { id: 'Exact', title: 'is exactly' }, { id: 'RegularExpression', title: 'matches the regular expression' }] as const
const VALUE_TYPES = [{ id: 'Exact', title: 'is exactly' }, { id: 'RegularExpression', title: 'matches' }] as const
const FILTERS = [{ id: 'RequestHeaderModifier', title: 'Change request headers' }, { id: 'ResponseHeaderModifier', title: 'Change response headers' }] as const
const BACKENDS = [{ id: 'AgentVersion', title: 'One version' }, { id: 'Agent', title: 'All versions' }] as const
const TRIPLE = 'grid gap-2 sm:grid-cols-[minmax(0,1fr)_150px_minmax(0,1.4fr)]'

/** One rule: which calls, changed how, to whom, within which time. */
export function RuleForm({ path, index }: { path: Path; index: number }) {
  const name = useBound([...path, 'name'])
  return (
    <Card title={`Rule ${typeof name.value === 'string' && name.value !== '' ? `“${name.value}”` : index + 1}`}>
      <div className="grid gap-5">
        <TextAt path={[...path, 'name']} label="Name of the rule" optional placeholder="none" className="max-w-72" mono />
        <ListAt path={[...path, 'matches']} title="Calls that match one of these" one="match" max={64} empty="every call" fresh={() => ({ path: { type: 'PathPrefix', value: '/' } })}>
          {(match) => <Inset><MatchForm path={match} /></Inset>}
        </ListAt>
        <ListAt path={[...path, 'backendRefs']} title="Go to" one="backend" max={16} empty="nobody: every call is answered 500" fresh={() => ({ group: 'heddle.dev', kind: 'AgentVersion', name: '', weight: 1 })}>
          {(backend) => (
            <div className="grid grid-cols-2 gap-2 sm:grid-cols-[140px_minmax(0,1fr)_minmax(0,0.7fr)_90px]">
              <ChoiceAt path={[...backend, 'kind']} label="Kind" fallback="Agent" options={BACKENDS} />
              <TextAt path={[...backend, 'name']} label="Name" placeholder="translator-v1" mono />
              <TextAt path={[...backend, 'namespace']} label="Namespace" optional placeholder="the route’s own" mono />
              <NumberAt path={[...backend, 'weight']} label="Weight" optional placeholder="1" />
            </div>
          )}
        </ListAt>
        <ListAt path={[...path, 'filters']} title="On the way" one="filter" max={16} empty="unchanged" fresh={() => ({ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: '', value: '' }] } })}>
          {(filter) => <Inset><FilterForm path={filter} /></Inset>}
        </ListAt>
        <div className="grid grid-cols-2 gap-2 sm:grid-cols-4">
          <TextAt path={[...path, 'timeouts', 'request']} label="Timeout of a call" optional placeholder="none" hint="30s, 1m30s; 0s is none" />
          <TextAt path={[...path, 'timeouts', 'backendRequest']} label="Timeout of a try" optional placeholder="none" />
          <NumberAt path={[...path, 'retry', 'attempts']} label="Retries" optional placeholder="none" />
          <TextAt path={[...path, 'retry', 'backoff']} label="Wait before a retry" optional placeholder="25ms" />
        </div>
        <RetryCodes path={[...path, 'retry', 'codes']} />
      </div>
    </Card>
  )
}

function Inset({ children }: { children: ReactNode }) {
  return <div className="grid gap-3 rounded-md border border-line px-3 py-2.5">{children}</div>
}

function MatchForm({ path }: { path: Path }) {
  return (
    <>
      <div className="grid gap-2 sm:grid-cols-[220px_minmax(0,1fr)_120px]">
        <ChoiceAt path={[...path, 'path', 'type']} label="Path" fallback="PathPrefix" options={PATH_TYPES} />
        <TextAt path={[...path, 'path', 'value']} label="Value" placeholder="/" mono />
        <ChoiceAt path={[...path, 'method']} label="Method" options={METHODS} none="any" />
      </div>
      <ListAt path={[...path, 'headers']} title="And all of these headers" one="header" max={16} empty="none asked for" fresh={() => ({ type: 'Exact', name: '', value: '' })}>{(header) => <ValueMatch path={header} what="Header" />}</ListAt>
      <ListAt path={[...path, 'queryParams']} title="And all of these query parameters" one="parameter" max={16} empty="none asked for" fresh={() => ({ type: 'Exact', name: '', value: '' })}>{(param) => <ValueMatch path={param} what="Parameter" />}</ListAt>
    </>
  )
}

function ValueMatch({ path, what }: { path: Path; what: string }) {
  return (
    <div className={TRIPLE}>
      <TextAt path={[...path, 'name']} label={what} mono />
      <ChoiceAt path={[...path, 'type']} label="How" fallback="Exact" options={VALUE_TYPES} />
      <TextAt path={[...path, 'value']} label="Value" mono />
    </div>
  )
}

function FilterForm({ path }: { path: Path }) {
  const filter = useBound(path)
  const record: Record<string, unknown> = typeof filter.value === 'object' && filter.value !== null ? { ...filter.value } : {}
  const type = record['type'] === 'ResponseHeaderModifier' ? 'ResponseHeaderModifier' : 'RequestHeaderModifier'
  const key = type === 'ResponseHeaderModifier' ? 'responseHeaderModifier' : 'requestHeaderModifier'
  const edit = [...path, key]
  return (
    <>
      <label className="grid max-w-72 gap-1" data-field={`${filter.pointer}/type`}>
        <span className="text-sm text-muted">What</span>
        <select className="h-[30px] rounded-md border border-line-strong bg-surface px-2 text-base" value={type} disabled={filter.disabled} onChange={(event) => {
          const next = event.target.value === 'ResponseHeaderModifier' ? 'responseHeaderModifier' : 'requestHeaderModifier'
          filter.set({ type: event.target.value, [next]: record[key] ?? {} })
        }}>
          {FILTERS.map((each) => <option key={each.id} value={each.id}>{each.title}</option>)}
        </select>
      </label>
      <HeaderValues path={[...edit, 'set']} title="Set, over what is there" one="header to set" />
      <HeaderValues path={[...edit, 'add']} title="Add, beside what is there" one="header to add" />
      <ListAt path={[...edit, 'remove']} title="Remove" one="header to remove" max={16} empty="none" fresh={() => ''}>{(name, index) => <TextAt path={name} label={`Header to remove ${index + 1}`} labelHidden placeholder="x-debug" mono />}</ListAt>
    </>
  )
}

function HeaderValues({ path, title, one }: { path: Path; title: string; one: string }) {
  return (
    <ListAt path={path} title={title} one={one} max={16} empty="none" fresh={() => ({ name: '', value: '' })}>
      {(header) => (
        <div className="grid gap-2 sm:grid-cols-2">
          <TextAt path={[...header, 'name']} label="Header" mono />
          <TextAt path={[...header, 'value']} label="Value" mono />
        </div>
      )}
    </ListAt>
  )
}

function RetryCodes({ path }: { path: Path }) {
  return (
    <ListAt path={path} title="Retry on these answers" one="status" max={16} empty="only when no answer came" fresh={() => 503}>
      {(code, index) => <NumberAt path={code} label={`Status ${index + 1}`} labelHidden className="max-w-24" />}
    </ListAt>
  )
}
