'use client'
import type { ObjectiveSpec } from '#server/contracts/objective.ts'
import { ChoiceAt, TextAt, WordsAt } from '#components/mesh/BoundFields.tsx'
import { useBound } from '#components/mesh/form-context.tsx'
import { isRecord } from '#components/mesh/pointer.ts'
import { Card } from '#components/ui/Card.tsx'
import { Field, NumberInput } from '#components/ui/Field.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { WINDOWS } from './words.ts'

const INDICATORS = [{ id: 'Success', title: 'It succeeds' }, { id: 'Latency', title: 'It is answered in time' }] as const
const WITHIN_MS_FIRST = 2000

/** Every field of an Objective but its name. */
export function ObjectiveForm() {
  return (
    <div className="grid gap-[18px]">
      <Card title="About">
        <div className="grid gap-3 sm:grid-cols-2">
          <TextAt path={['spec', 'targetRef', 'name']} label="Calls to the agent" placeholder="translator" mono />
          <Caller />
        </div>
      </Card>
      <Card title="A call is good when">
        <Indicator />
      </Card>
      <Card title="How many are to be good">
        <div className="grid gap-3 sm:grid-cols-2">
          <NumberField path={['spec', 'percent']} label="Percentage of calls" unit="%" min={1} max={99.999} digits={3} />
          <ChoiceAt path={['spec', 'window']} label="Over" options={WINDOWS} fallback="7d" />
        </div>
      </Card>
      <Card title="Whom to tell">
        <WordsAt path={['spec', 'notify']} label="Receivers" placeholder="nobody" hint="By the names they have in Settings → Alerts" />
      </Card>
    </div>
  )
}

/** An empty name takes the whole caller out: a caller without a name is none. */
function Caller() {
  const { pointer, value, errorsWithin, disabled, set } = useBound(['spec', 'from'])
  const caller = isRecord(value) ? value : {}
  return (
    <div data-field={pointer}>
      <Field label="From the agent" placeholder="any caller" mono value={String(caller.name ?? '')} isDisabled={disabled} error={errorsWithin} onChange={(name) => set(name === '' ? undefined : { ...caller, name })} />
    </div>
  )
}

function Indicator() {
  const { pointer, value, error, disabled, set } = useBound(['spec', 'indicator'])
  const type = INDICATORS.find(({ id }) => isRecord(value) && value.type === id)?.id ?? null
  const choose = (next: ObjectiveSpec['indicator']['type']) => set(next === 'Success' ? { type: next } : { type: next, withinMs: WITHIN_MS_FIRST })
  return (
    <div data-field={pointer} className="grid justify-items-start gap-3">
      {disabled ? <Field label="Indicator" labelHidden isDisabled value={type ?? ''} /> : <Segmented label="Indicator" options={INDICATORS} value={type} onChange={choose} />}
      <span className={error ? 'text-xs text-bad' : 'text-xs text-muted'}>{error ?? (type === 'Latency' ? 'Whether it failed or not. The mesh knows a latency to the width of Envoy’s buckets.' : 'A 5xx, a reset, a timeout and no endpoint are failures; a 4xx is none.')}</span>
      {type === 'Latency' && <NumberField path={['spec', 'indicator', 'withinMs']} label="Within" unit="ms" min={1} max={86_400_000} digits={0} />}
    </div>
  )
}

function NumberField({ path, label, unit, min, max, digits }: { path: readonly string[]; label: string; unit: string; min: number; max: number; digits: number }) {
  const { pointer, value, error, disabled, set } = useBound(path)
  return (
    <div data-field={pointer} className="w-44">
      <NumberInput label={label} unit={unit} minValue={min} maxValue={max} formatOptions={{ maximumFractionDigits: digits, useGrouping: false }} value={typeof value === 'number' ? value : Number.NaN} isDisabled={disabled} error={error} onChange={(next) => set(Number.isNaN(next) ? undefined : next)} />
    </div>
  )
}
