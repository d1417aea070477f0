'use client'
import type { ObjectiveSpec } from '#server/contracts/objective.ts'
import { ChoiceAt, TextAt, WordsAt } from '#components/mesh/BoundFields.tsx'
import { useBound } from '#components/mesh/form-context.tsx'
import { isRecord } from '#components/mesh/pointer.ts'
import { Card } from '#components/ui/Card.tsx'
import { Field, NumberInput } from '#components/ui/Field.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { WINDOWS } from './words.ts'

const INDICATORS = [{ id: 'Success', title: 'Calls succeed' }, { id: 'Latency', title: 'Calls are answered in time' }, { id: 'TaskOutcome', title: 'Tasks are completed' }, { id: 'Cost', title: 'It costs at most' }] as const
const FIRST: Record<ObjectiveSpec['indicator']['type'], ObjectiveSpec['indicator']> = {
  Success: { type: 'Success' },
  Latency: { type: 'Latency', withinMs: 2000 },
  TaskOutcome: { type: 'TaskOutcome' },
  Cost: { type: 'Cost', atMost: 0.05, per: 'call' },
}
const PERCENT_FIRST = 99
const HINTS: Record<ObjectiveSpec['indicator']['type'], string> = {
  Success: 'A 5xx, a reset, a timeout and no endpoint are failures; a 4xx is none.',
  Latency: 'Whether it failed or not. The mesh knows a latency to the width of Envoy’s buckets.',
  TaskOutcome: 'As the agent’s spans say it in a2a.task.state, or its caller’s. Failed and rejected tasks are bad ones; a canceled one counts for nothing.',
  Cost: 'Tokens that the agent’s spans tell, by the prices on the page Sessions, and in their currency.',
}
const PERS = [{ id: 'call', title: 'a call to it' }, { id: 'hour', title: 'an hour' }] as const

/** Every field of an Objective but its name. */
export function ObjectiveForm() {
  const type = useIndicator()
  return (
    <div className="grid gap-[18px]">
      <Card title="About">
        <div className="grid gap-3 sm:grid-cols-2">
          <TextAt path={['spec', 'targetRef', 'name']} label="Calls to the agent" placeholder="translator" mono />
          <Caller />
        </div>
      </Card>
      <Card title="What is expected">
        <Indicator />
      </Card>
      <Card title={type === 'Cost' ? 'For how long' : 'How many are to be good'}>
        <div className="grid gap-3 sm:grid-cols-2">
          {type !== 'Cost' && <NumberField path={['spec', 'percent']} label={type === 'TaskOutcome' ? 'Percentage of tasks' : 'Percentage of calls'} unit="%" min={1} max={99.999} digits={3} />}
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

function useIndicator(): ObjectiveSpec['indicator']['type'] | null {
  const { value } = useBound(['spec', 'indicator'])
  return INDICATORS.find(({ id }) => isRecord(value) && value.type === id)?.id ?? null
}

/** A cost has no percentage, and everything else has one. */
function Indicator() {
  const { pointer, error, disabled } = useBound(['spec', 'indicator'])
  const whole = useBound(['spec'])
  const type = useIndicator()
  const choose = (next: ObjectiveSpec['indicator']['type']) => {
    const { percent, ...rest } = isRecord(whole.value) ? whole.value : {}
    whole.set({ ...rest, indicator: FIRST[next], ...(next !== 'Cost' && { percent: percent ?? PERCENT_FIRST }) })
  }
  return (
    <div data-field={pointer} className="grid justify-items-start gap-3">
      {disabled ? <Field label="Indicator" labelHidden isDisabled value={type ?? ''} /> : <Segmented label="Indicator" options={INDICATORS} value={type} onChange={choose} />}
      <span className={error ? 'text-xs text-bad' : 'text-xs text-muted'}>{error ?? (type && HINTS[type])}</span>
      {type === 'Latency' && <NumberField path={['spec', 'indicator', 'withinMs']} label="Within" unit="ms" min={1} max={86_400_000} digits={0} />}
      {type === 'Cost' && (
        <div className="grid gap-3 sm:grid-cols-2">
          <NumberField path={['spec', 'indicator', 'atMost']} label="At most" min={0.000001} max={1_000_000_000} digits={6} />
          <ChoiceAt path={['spec', 'indicator', 'per']} label="For" options={PERS} fallback="call" />
        </div>
      )}
    </div>
  )
}

function NumberField({ path, label, unit, min, max, digits }: { path: readonly string[]; label: string; unit?: string; min: number; max: number; digits: number }) {
  const { pointer, value, error, disabled, set } = useBound(path)
  return (
    <div data-field={pointer} className="w-44">
      <NumberInput label={label} unit={unit} minValue={min} maxValue={max} formatOptions={{ maximumFractionDigits: digits, useGrouping: false }} value={typeof value === 'number' ? value : Number.NaN} isDisabled={disabled} error={error} onChange={(next) => set(Number.isNaN(next) ? undefined : next)} />
    </div>
  )
}
