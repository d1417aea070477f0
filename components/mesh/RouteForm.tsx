'use client'
import { Card } from '#components/ui/Card.tsx'
import { ChoiceAt, ListAt, NumberAt, TextAt } from './BoundFields.tsx'
import { useBound } from './form-context.tsx'
import type { Path } from './pointer.ts'
import { RuleForm, type RouteKind } from './RuleForm.tsx'

/** Every field of a route but its name. */
export function RouteForm({ kind }: { kind: RouteKind }) {
  const rules = useBound(['spec', 'rules'])
  return (
    <div className="grid gap-[18px]">
      <Card title="For whom">
        <div className="grid gap-4">
          <ListAt path={['spec', 'parentRefs']} title="Calls to" one="parent" max={32} fresh={() => ({ group: 'heddle.dev', kind: 'Agent', name: '' })}>
            {(path) => <ParentForm path={path} />}
          </ListAt>
          <ListAt path={['spec', 'hostnames']} title="Only under these host names" one="host name" max={16} empty="any, as the parents say" fresh={() => ''}>
            {(path, index) => <TextAt path={path} label={`Host name ${index + 1}`} labelHidden placeholder="api.example.com" mono />}
          </ListAt>
        </div>
      </Card>
      <ListAt path={['spec', 'rules']} title={`Rules, ${Array.isArray(rules.value) ? rules.value.length : 0}; the most specific match wins, whatever their order`} one="rule" max={16} ordered fresh={() => ({ backendRefs: [] })}>
        {(path, index) => <RuleForm kind={kind} path={path} index={index} />}
      </ListAt>
    </div>
  )
}

function ParentForm({ path }: { path: Path }) {
  const kind = useBound([...path, 'kind'])
  const gateway = kind.value === 'Gateway'
  return (
    <div className="grid gap-2 sm:grid-cols-[120px_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1fr)]">
      <ParentKind path={path} />
      <TextAt path={[...path, 'name']} label="Name" mono />
      <TextAt path={[...path, 'namespace']} label="Namespace" optional placeholder="the route’s own" mono />
      {gateway ? <TextAt path={[...path, 'sectionName']} label="Listener" optional placeholder="every one" mono /> : <NumberAt path={[...path, 'port']} label="Port" optional placeholder="any" />}
    </div>
  )
}

/** Kind and group go together. */
function ParentKind({ path }: { path: Path }) {
  const parent = useBound(path)
  const record = typeof parent.value === 'object' && parent.value !== null ? parent.value : {}
  const chosen = 'kind' in record && record.kind === 'Gateway' ? 'Gateway' : 'Agent'
  if (parent.disabled) return <ChoiceAt path={[...path, 'kind']} label="Kind" fallback="Agent" options={KINDS} />
  return (
    <label className="grid min-w-0 content-start gap-1" data-field={`${parent.pointer}/kind`}>
      <span className="text-sm text-muted">Kind</span>
      <select className="h-[30px] rounded-md border border-line-strong bg-surface px-2 text-base" value={chosen} onChange={(event) => parent.set({ ...record, kind: event.target.value, group: event.target.value === 'Gateway' ? 'gateway.networking.k8s.io' : 'heddle.dev' })}>
        {KINDS.map((kind) => <option key={kind.id} value={kind.id}>{kind.title}</option>)}
      </select>
    </label>
  )
}

const KINDS = [{ id: 'Agent', title: 'Agent' }, { id: 'Gateway', title: 'Gateway' }] as const
