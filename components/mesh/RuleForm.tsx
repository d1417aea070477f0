'use client'
import type { ReactNode } from 'react'
import { Card } from '#components/ui/Card.tsx'
import { HTTPMethod } from '#server/contracts/route-filters.ts'
import { ChoiceAt, ListAt, NumberAt, TextAt } from './BoundFields.tsx'
import { FilterForm, FILTERS_OF, freshFilter } from './FilterForm.tsx'
import { useBound } from './form-context.tsx'
import { Part } from './Part.tsx'
import type { Path } from './pointer.ts'

const METHODS = HTTPMethod.options.map((method) => ({ id: method, title: method }))
const PATH_TYPES = [{ id: 'PathPrefix', title: 'begins with' }, { id: 'Exact', title: 'is exactly' }, { id: 'RegularExpression', title: 'matches the regular expression' }] as const
const VALUE_TYPES = [{ id: 'Exact', title: 'is exactly' }, { id: 'RegularExpression', title: 'matches' }] as const
const BACKENDS = [{ id: 'AgentVersion', title: 'One version' }, { id: 'Agent', title: 'All versions' }] as const
const TRIPLE = 'grid gap-2 sm:grid-cols-[minmax(0,1fr)_150px_minmax(0,1.4fr)]'

export type RouteKind = 'HTTPRoute' | 'GRPCRoute'

/** One rule: which calls, changed how, to whom, within which time. */
export function RuleForm({ kind, path, index }: { kind: RouteKind; path: Path; index: number }) {
  const name = useBound([...path, 'name'])
  const isHttp = kind === 'HTTPRoute'
  return (
    <Card title={`Rule ${typeof name.value === 'string' && name.value !== '' ? `“${name.value}”` : index + 1}`}>
      <div className="grid gap-5">
        <TextAt path={[...path, 'name']} label="Name of the rule" optional placeholder="none" className="max-w-72" mono />
        <ListAt path={[...path, 'matches']} title="Calls that match one of these" one="match" max={64} empty="every call" fresh={() => (isHttp ? { path: { type: 'PathPrefix', value: '/' } } : { method: { service: '' } })}>
          {(match) => <Inset>{isHttp ? <MatchForm path={match} /> : <GrpcMatchForm path={match} />}</Inset>}
        </ListAt>
        <ListAt path={[...path, 'backendRefs']} title="Go to" one="backend" max={16} empty="nobody: every call is answered 500" fresh={() => ({ group: 'heddle.dev', kind: 'AgentVersion', name: '', weight: 1 })}>
          {(backend, at) => (
            <div className="grid gap-2">
              <div className="grid grid-cols-2 gap-2 sm:grid-cols-[140px_minmax(0,1fr)_minmax(0,0.7fr)_90px]">
                <ChoiceAt path={[...backend, 'kind']} label="Kind" fallback="Agent" options={BACKENDS} />
                <TextAt path={[...backend, 'name']} label="Name" placeholder="translator-v1" mono />
                <TextAt path={[...backend, 'namespace']} label="Namespace" optional placeholder="the route’s own" mono />
                <NumberAt path={[...backend, 'weight']} label="Weight" optional placeholder="1" />
              </div>
              <ListAt path={[...backend, 'filters']} title={`On the way to backend ${at + 1} alone`} one="filter" max={2} empty="unchanged" fresh={freshFilter}>{(filter) => <Inset><FilterForm path={filter} types={FILTERS_OF.backend} /></Inset>}</ListAt>
            </div>
          )}
        </ListAt>
        <ListAt path={[...path, 'filters']} title="On the way" one="filter" max={16} empty="unchanged" fresh={freshFilter}>
          {(filter) => <Inset><FilterForm path={filter} types={FILTERS_OF[kind]} /></Inset>}
        </ListAt>
        {isHttp && <Limits path={path} />}
        <Session path={[...path, 'sessionPersistence']} />
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

const METHOD_TYPES = [{ id: 'Exact', title: 'is exactly' }, { id: 'RegularExpression', title: 'matches' }] as const

function GrpcMatchForm({ path }: { path: Path }) {
  return (
    <>
      <div className="grid gap-2 sm:grid-cols-[150px_minmax(0,1fr)_minmax(0,1fr)]">
        <ChoiceAt path={[...path, 'method', 'type']} label="The method" fallback="Exact" options={METHOD_TYPES} />
        <TextAt path={[...path, 'method', 'service']} label="Service" optional placeholder="any: shop.v1.Orders" mono />
        <TextAt path={[...path, 'method', 'method']} label="Method" optional placeholder="any: Place" mono />
      </div>
      <ListAt path={[...path, 'headers']} title="And all of these headers" one="header" max={16} empty="none asked for" fresh={() => ({ type: 'Exact', name: '', value: '' })}>{(header) => <ValueMatch path={header} what="Header" />}</ListAt>
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

/** What only HTTP calls have. */
function Limits({ path }: { path: Path }) {
  const retry = [...path, 'retry']
  return (
    <>
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-4">
        <TextAt path={[...path, 'timeouts', 'request']} label="Timeout of a call" optional placeholder="none" hint="30s, 1m30s; 0s is none" />
        <TextAt path={[...path, 'timeouts', 'backendRequest']} label="Timeout of a try" optional placeholder="none" />
      </div>
      <Part path={retry} title="Try again" off="A call that fails is not tried again." fresh={() => ({ attempts: 1, codes: [503] })}>
        <div className="grid gap-3">
          <div className="grid grid-cols-2 gap-2 sm:grid-cols-4">
            <NumberAt path={[...retry, 'attempts']} label="Retries" optional placeholder="1" />
            <TextAt path={[...retry, 'backoff']} label="Wait before a retry" optional placeholder="25ms" />
          </div>
          <ListAt path={[...retry, 'codes']} title="Retry on these answers" one="status" max={16} empty="only when no answer came" fresh={() => 503}>
            {(code, index) => <NumberAt path={code} label={`Status ${index + 1}`} labelHidden className="max-w-24" />}
          </ListAt>
          <p className="m-0 text-sm text-muted">An agent that is overloaded says 429 or 503. A JSON-RPC error inside an answer of 200 cannot be seen here, and is not tried again.</p>
        </div>
      </Part>
    </>
  )
}

const SESSIONS = [{ id: 'Header', title: 'a header of the caller' }, { id: 'Cookie', title: 'a cookie of ours' }] as const
const LIFETIMES = [{ id: 'Session', title: 'as the browser runs' }, { id: 'Permanent', title: 'for its time' }] as const

function Session({ path }: { path: Path }) {
  const by = useBound([...path, 'type']).value
  return (
    <Part path={path} title="Sessions" off="Each call is spread anew." fresh={() => ({ type: 'Header', sessionName: 'x-session' })}>
      <div className="grid gap-3">
        <div className="grid grid-cols-2 gap-2 sm:grid-cols-4">
          <ChoiceAt path={[...path, 'type']} label="Kept by" fallback="Cookie" options={SESSIONS} />
          <TextAt path={[...path, 'sessionName']} label="Its name" placeholder="x-session" mono />
          {by !== 'Header' && <TextAt path={[...path, 'absoluteTimeout']} label="For at most" optional placeholder="no end" />}
          {by !== 'Header' && <ChoiceAt path={[...path, 'cookieConfig', 'lifetimeType']} label="The cookie lives" fallback="Session" options={LIFETIMES} />}
        </div>
        <p className="m-0 text-sm text-muted">{by === 'Header' ? 'The caller must send the header with every call. A conversation’s context id stands in the body, where no rule reads: let the client send it as a header too, or let an AgentRoute keep conversations.' : 'The first call has no cookie yet, so the second may reach another instance than the first; between several backends a cookie is refused.'}</p>
      </div>
    </Part>
  )
}
