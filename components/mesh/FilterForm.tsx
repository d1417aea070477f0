'use client'
import type { ReactNode } from 'react'
import { HTTPMethod } from '#server/contracts/route-filters.ts'
import { ChoiceAt, ListAt, NumberAt, SwitchAt, TextAt, WordsAt } from './BoundFields.tsx'
import { useBound } from './form-context.tsx'
import { isRecord, type Path } from './pointer.ts'

type FilterType = keyof typeof FILTERS
const FILTERS = {
  RequestHeaderModifier: { title: 'Change request headers', key: 'requestHeaderModifier', fresh: () => ({ set: [{ name: '', value: '' }] }), Form: HeaderEdits },
  ResponseHeaderModifier: { title: 'Change response headers', key: 'responseHeaderModifier', fresh: () => ({ set: [{ name: '', value: '' }] }), Form: HeaderEdits },
  RequestMirror: { title: 'Send a copy', key: 'requestMirror', fresh: () => ({ backendRef: { group: 'heddle.dev', kind: 'Agent', name: '' } }), Form: Mirror },
  RequestRedirect: { title: 'Answer with another address', key: 'requestRedirect', fresh: () => ({ path: { type: 'ReplaceFullPath', replaceFullPath: '/' } }), Form: Redirect },
  URLRewrite: { title: 'Change path or host', key: 'urlRewrite', fresh: () => ({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } }), Form: Rewrite },
  CORS: { title: 'Let pages of other sites call (CORS)', key: 'cors', fresh: () => ({ allowOrigins: ['https://example.com'] }), Form: Cors },
} as const satisfies Record<string, { title: string; key: string; fresh: () => unknown; Form: (props: { path: Path }) => ReactNode }>

/** What a rule of each kind, or a backend of a rule, may do to a call. */
export const FILTERS_OF = {
  HTTPRoute: ['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror', 'RequestRedirect', 'URLRewrite', 'CORS'],
  GRPCRoute: ['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror'],
  backend: ['RequestHeaderModifier', 'ResponseHeaderModifier'],
} as const satisfies Record<string, readonly FilterType[]>

const BACKENDS = [{ id: 'Agent', title: 'All versions' }, { id: 'AgentVersion', title: 'One version' }] as const
const SCHEMES = [{ id: 'http', title: 'http' }, { id: 'https', title: 'https' }] as const

export const freshFilter = () => ({ type: 'RequestHeaderModifier', requestHeaderModifier: FILTERS.RequestHeaderModifier.fresh() })

/** One filter: its sort, and the fields of that sort. One that the form does not know is left as it is. */
export function FilterForm({ path, types }: { path: Path; types: readonly FilterType[] }) {
  const filter = useBound(path)
  const type = isRecord(filter.value) ? types.find((each) => isRecord(filter.value) && filter.value['type'] === each) : undefined
  if (type === undefined) return <p className="m-0 text-sm text-muted">This filter is not one that the form knows; it stands in the YAML.</p>
  const { key, Form } = FILTERS[type]
  return (
    <>
      <label className="grid max-w-72 gap-1" data-field={`${filter.pointer}/type`}>
        <span className="text-sm text-muted">What</span>
        <select className="h-[30px] rounded-md border border-line-strong bg-surface px-2 text-base" value={type} disabled={filter.disabled} onChange={({ target }) => {
          const next = types.find((each) => each === target.value) ?? type
          filter.set({ type: next, [FILTERS[next].key]: FILTERS[next].fresh() })
        }}>
          {types.map((each) => <option key={each} value={each}>{FILTERS[each].title}</option>)}
        </select>
      </label>
      <Form path={[...path, key]} />
    </>
  )
}

function HeaderEdits({ path }: { path: Path }) {
  return (
    <>
      <HeaderValues path={[...path, 'set']} title="Set, over what is there" one="header to set" />
      <HeaderValues path={[...path, 'add']} title="Add, beside what is there" one="header to add" />
      <ListAt path={[...path, 'remove']} title="Remove" one="header to remove" max={16} empty="none" fresh={() => ''}>{(name, index) => <TextAt path={name} label={`Header to remove ${index + 1}`} labelHidden placeholder="x-debug" mono />}</ListAt>
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

/** Its answers are thrown away; what it does, it does. */
function Mirror({ path }: { path: Path }) {
  return (
    <div className="grid grid-cols-2 gap-2 sm:grid-cols-[140px_minmax(0,1fr)_minmax(0,0.7fr)_110px]">
      <ChoiceAt path={[...path, 'backendRef', 'kind']} label="Copy to" fallback="Agent" options={BACKENDS} />
      <TextAt path={[...path, 'backendRef', 'name']} label="Name" placeholder="translator-v3" mono />
      <TextAt path={[...path, 'backendRef', 'namespace']} label="Namespace" optional placeholder="the route’s own" mono />
      <NumberAt path={[...path, 'percent']} label="Of the calls, %" optional placeholder="100" />
    </div>
  )
}

function Redirect({ path }: { path: Path }) {
  return (
    <>
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-[110px_110px_minmax(0,1fr)_110px]">
        <NumberAt path={[...path, 'statusCode']} label="Status" optional placeholder="302" />
        <ChoiceAt path={[...path, 'scheme']} label="Scheme" options={SCHEMES} none="the call’s" />
        <TextAt path={[...path, 'hostname']} label="Host" optional placeholder="the call’s" mono />
        <NumberAt path={[...path, 'port']} label="Port" optional placeholder="the scheme’s" />
      </div>
      <PathEdit path={[...path, 'path']} />
    </>
  )
}

function Rewrite({ path }: { path: Path }) {
  return (
    <>
      <TextAt path={[...path, 'hostname']} label="Host" optional placeholder="the call’s" mono className="max-w-96" />
      <PathEdit path={[...path, 'path']} />
    </>
  )
}

const PATH_EDITS = [{ id: 'none', title: 'stays', key: null }, { id: 'ReplacePrefixMatch', title: 'has its matched prefix replaced', key: 'replacePrefixMatch' }, { id: 'ReplaceFullPath', title: 'is replaced whole', key: 'replaceFullPath' }] as const

/** Its type says which field has the value, so both are set together. */
function PathEdit({ path }: { path: Path }) {
  const { pointer, value, disabled, set } = useBound(path)
  const edit = PATH_EDITS.find(({ id }) => isRecord(value) && value['type'] === id) ?? PATH_EDITS[0]
  const text = edit.key && isRecord(value) ? value[edit.key] : ''
  return (
    <div className="grid gap-2 sm:grid-cols-[260px_minmax(0,1fr)]">
      <label className="grid min-w-0 content-start gap-1" data-field={`${pointer}/type`}>
        <span className="text-sm text-muted">The path</span>
        <select className="h-[30px] rounded-md border border-line-strong bg-surface px-2 text-base" value={edit.id} disabled={disabled} onChange={({ target }) => {
          const next = PATH_EDITS.find(({ id }) => id === target.value)
          set(next?.key ? { type: next.id, [next.key]: typeof text === 'string' && text !== '' ? text : '/' } : undefined)
        }}>
          {PATH_EDITS.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
        </select>
      </label>
      {edit.key && <TextAt path={[...path, edit.key]} label="By" placeholder="/" mono />}
    </div>
  )
}

function Cors({ path }: { path: Path }) {
  return (
    <>
      <WordsAt path={[...path, 'allowOrigins']} label="Sites whose pages may call" placeholder="https://console.example.com, https://*.example.com" />
      <div className="grid gap-2 sm:grid-cols-2">
        <WordsAt path={[...path, 'allowMethods']} label="Methods" placeholder={HTTPMethod.options.slice(0, 3).join(', ')} as={(word) => word.toUpperCase()} />
        <WordsAt path={[...path, 'allowHeaders']} label="Headers they may send" placeholder="content-type" />
        <WordsAt path={[...path, 'exposeHeaders']} label="Headers they may read" placeholder="none" />
        <NumberAt path={[...path, 'maxAge']} label="Browsers remember it for, s" optional placeholder="5" />
      </div>
      <SwitchAt path={[...path, 'allowCredentials']} label="With the visitor’s cookies" />
    </>
  )
}
