'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { BUILT_IN, BUILT_IN_NAMES, REDACTION_LIMITS, RedactionPlace, type CustomRule, type Redaction as Rules, type RedactionTrialResult } from '#server/contracts/redaction.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Checkbox, Field, Switch } from '#components/ui/Field.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { call, get } from './call.ts'
import { Loaded } from './Loaded.tsx'

/** What is taken out of telemetry before it is stored, and a box to try it on. */
export function Redaction() {
  const query = useQuery({ queryKey: ['redaction'], queryFn: get<Rules>('/redaction'), staleTime: Number.POSITIVE_INFINITY })
  return <Loaded query={query} what="the rules">{(rules) => <RulesForm saved={rules} />}</Loaded>
}

function RulesForm({ saved }: { saved: Rules }) {
  const client = useQueryClient()
  const why = useWhyNot('admin')
  const [rules, setRules] = useState(saved)
  const save = useMutation({ mutationFn: async () => (await call<Rules>('/redaction', { method: 'PUT', body: rules })).body, onSuccess: (now) => client.setQueryData(['redaction'], now) })
  const changed = JSON.stringify(rules) !== JSON.stringify(saved)
  const change = (at: number, part: Partial<CustomRule>) => setRules({ ...rules, custom: rules.custom.map((rule, index) => (index === at ? { ...rule, ...part } : rule)) })
  return (
    <div className="grid gap-4">
      <Card title="What is taken out" note="before anything is stored; what is stored already stays as it is">
        <form className="grid gap-4" onSubmit={(event) => { event.preventDefault(); save.mutate() }}>
          <div className="grid gap-2">
            {BUILT_IN_NAMES.map((name) => (
              <Switch key={name} isSelected={rules.builtIn[name]} isDisabled={why !== null} onChange={(on) => setRules({ ...rules, builtIn: { ...rules.builtIn, [name]: on } })}>
                <span>{BUILT_IN[name].says} <code className="text-xs text-muted">[redacted: {BUILT_IN[name].mark}]</code></span>
              </Switch>
            ))}
          </div>
          {rules.custom.map((rule, at) => <OwnRule key={at} rule={rule} onChange={(part) => change(at, part)} onRemove={() => setRules({ ...rules, custom: rules.custom.filter((_, index) => index !== at) })} />)}
          {save.error && <Notice state="bad">Not saved: {save.error.message}</Notice>}
          {save.isSuccess && !changed && <Notice state="ok">Saved. Collectors follow within two seconds.</Notice>}
          <div className="flex gap-2">
            <Button type="submit" look="primary" why={why ?? (changed ? null : 'nothing has changed')} isPending={save.isPending}>Save</Button>
            <Button look="quiet" why={why ?? (rules.custom.length < REDACTION_LIMITS.customMax ? null : `there are ${REDACTION_LIMITS.customMax} at most`)} onPress={() => setRules({ ...rules, custom: [...rules.custom, { name: '', pattern: '', in: [...RedactionPlace.options] }] })}>Add a rule of your own</Button>
          </div>
        </form>
      </Card>
      <TryBox rules={rules} />
    </div>
  )
}

function OwnRule({ rule, onChange, onRemove }: { rule: CustomRule; onChange: (part: Partial<CustomRule>) => void; onRemove: () => void }) {
  return (
    <fieldset className="m-0 grid gap-2 border-0 p-0">
      <legend className="sr-only">Rule {rule.name}</legend>
      <div className="flex flex-wrap items-end gap-2">
        <Field label="Name in the mark" value={rule.name} onChange={(name) => onChange({ name })} className="w-44" maxLength={REDACTION_LIMITS.nameMax} placeholder="staff number" />
        <Field label="Pattern (RE2)" value={rule.pattern} onChange={(pattern) => onChange({ pattern })} className="min-w-52 flex-1" maxLength={REDACTION_LIMITS.patternMax} placeholder="EMP-\d{6}" mono />
        <Button look="quiet" aria-label={`Remove ${rule.name || 'this rule'}`} onPress={onRemove}><Icon name="close" size={14} /></Button>
      </div>
      <div className="flex flex-wrap gap-4">
        {RedactionPlace.options.map((place) => (
          <Checkbox key={place} isSelected={rule.in.includes(place)} onChange={(on) => onChange({ in: RedactionPlace.options.filter((one) => (one === place ? on : rule.in.includes(one))) })}>{place}</Checkbox>
        ))}
      </div>
    </fieldset>
  )
}

function TryBox({ rules }: { rules: Rules }) {
  const [text, setText] = useState('')
  const attempt = useMutation({ mutationFn: async () => (await call<RedactionTrialResult>('/redaction/try', { method: 'POST', body: { text, rules } })).body })
  return (
    <Card title="Try it" note="by the rules above, saved or not; nothing is kept of the text">
      <form className="grid gap-3" onSubmit={(event) => { event.preventDefault(); attempt.mutate() }}>
        <Field label="A text" value={text} onChange={setText} rows={4} mono maxLength={REDACTION_LIMITS.tryMax} placeholder="Authorization: Bearer …" />
        <div><Button type="submit" why={text === '' ? 'there is no text yet' : null} isPending={attempt.isPending}>What would be stored?</Button></div>
        {attempt.error && <Notice state="bad">{attempt.error.message}</Notice>}
        {attempt.data && (
          <output className="grid gap-2">
            <pre className="m-0 overflow-x-auto whitespace-pre-wrap text-sm">{attempt.data.text}</pre>
            <span className="text-muted">{Object.keys(attempt.data.found).length === 0 ? 'Nothing is taken out.' : Object.entries(attempt.data.found).map(([mark, times]) => `${mark}: ${times}`).join(', ')}</span>
          </output>
        )}
        {attempt.data && attempt.data.costly.length > 0 && <Notice state="warn">{attempt.data.costly.join(', ')}: no three characters are always in what it matches, so every value is looked through, which slows the collector down.</Notice>}
      </form>
    </Card>
  )
}
