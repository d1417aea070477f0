'use client'
import { Card } from '#components/ui/Card.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { Field } from '#components/ui/Field.tsx'
import { ListAt, WordsAt } from '#components/mesh/BoundFields.tsx'
import { useBound } from '#components/mesh/form-context.tsx'
import type { Path } from '#components/mesh/pointer.ts'
import { TargetsCard } from './TargetsCard.tsx'

const ACTIONS = [{ id: 'Allow', title: 'Allow' }, { id: 'Deny', title: 'Deny' }] as const
const MODES = [{ id: 'Enforce', title: 'Enforce' }, { id: 'Audit', title: 'Audit' }] as const

/** Every field of an AuthorizationPolicy but its name. */
export function AccessForm() {
  const action = useBound(['spec', 'action'])
  const deny = action.value === 'Deny'
  return (
    <div className="grid gap-[18px]">
      <TargetsCard title="Calls to">
        <div className="flex flex-wrap gap-x-8 gap-y-3">
          <OneOf path={['spec', 'action']} label="What it does" options={ACTIONS} fallback={null} says={deny ? 'Calls that a rule names are refused, whoever else allows them.' : 'Calls that a rule names are taken; everything else is refused.'} />
          <OneOf path={['spec', 'mode']} label="How" options={MODES} fallback="Enforce" says="Audit refuses nobody: spans record what Enforce would have done." />
        </div>
      </TargetsCard>
      <ListAt path={['spec', 'rules']} title={deny ? 'Refused is what one of these rules names' : 'Taken is what one of these rules names'} one="rule" max={64} keep empty={deny ? 'nothing: no rule' : 'nothing: nobody may call'} fresh={() => ({ from: [{ agents: [] }] })}>
        {(path, index) => <Rule path={path} index={index} />}
      </ListAt>
    </div>
  )
}

function OneOf<T extends string>({ path, label, options, fallback, says }: { path: Path; label: string; options: readonly { id: T; title: string }[]; fallback: T | null; says: string }) {
  const { pointer, value, error, disabled, set } = useBound(path)
  const chosen = options.find((option) => option.id === value)?.id ?? (value === undefined ? fallback : null)
  return (
    <div data-field={pointer} className="grid max-w-96 content-start justify-items-start gap-1">
      {disabled ? <Field label={label} isDisabled value={chosen ?? ''} /> : <><span className="text-sm text-muted">{label}</span><Segmented label={label} options={options} value={chosen} onChange={set} /></>}
      <span className={error ? 'text-xs text-bad' : 'text-xs text-muted'}>{error ?? says}</span>
    </div>
  )
}

function Rule({ path, index }: { path: Path; index: number }) {
  return (
    <Card title={`Rule ${index + 1}`}>
      <div className="grid gap-4">
        <ListAt path={[...path, 'from']} title="From one of these callers" one="caller" max={64} empty="anybody in the trust domain" fresh={() => ({ agents: [] })}>
          {(caller) => <Caller path={caller} />}
        </ListAt>
        <ListAt path={[...path, 'to']} title="With one of these calls" one="call" max={64} empty="every call" fresh={() => ({ paths: ['/*'] })}>
          {(call, at) => (
            <div className="grid gap-2 sm:grid-cols-[200px_minmax(0,1fr)]">
              <WordsAt path={[...call, 'methods']} label={`Methods ${at + 1}`} placeholder="any" as={(word) => word.toUpperCase()} />
              <WordsAt path={[...call, 'paths']} label={`Paths ${at + 1}`} placeholder="any" hint="Exact, or what begins so when it ends in *" />
              <WordsAt path={[...call, 'tools']} label={`Tools ${at + 1}`} placeholder="any" hint="Of an MCP server, by name" />
            </div>
          )}
        </ListAt>
      </div>
    </Card>
  )
}

function Caller({ path }: { path: Path }) {
  const { pointer, error } = useBound(path)
  return (
    <div data-field={pointer} className="grid min-w-0 gap-1">
      <div className="grid gap-2 sm:grid-cols-[minmax(0,1fr)_minmax(0,0.7fr)_minmax(0,1.2fr)]">
        <WordsAt path={[...path, 'agents']} label="Agents" placeholder="researcher, writer" />
        <WordsAt path={[...path, 'namespaces']} label="In namespaces" placeholder="the policy’s own" hint="Without agents: everybody in them" />
        <WordsAt path={[...path, 'identities']} label="Or SPIFFE ids" placeholder="spiffe://…" />
      </div>
      {error && <p className="m-0 text-xs text-bad">{error}</p>}
    </div>
  )
}
