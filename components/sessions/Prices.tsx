'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Prices } from '#server/contracts/sessions.ts'
import { call, get } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Dialog } from '#components/ui/Dialog.tsx'
import { Field, NumberInput } from '#components/ui/Field.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { Notice } from '#components/ui/Notice.tsx'

/** Opens the table of prices by which sessions are reckoned. */
export function PricesButton() {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onPress={() => setOpen(true)}>Prices</Button>
      {open && <Dialog title="Prices of models" open onClose={() => setOpen(false)} wide><PriceTable onSaved={() => setOpen(false)} /></Dialog>}
    </>
  )
}

function PriceTable({ onSaved }: { onSaved: () => void }) {
  const query = useQuery({ queryKey: ['prices'], queryFn: get<Prices>('/prices'), staleTime: Number.POSITIVE_INFINITY })
  return <Loaded query={query} what="the prices">{(prices) => <PriceForm prices={prices} onSaved={onSaved} />}</Loaded>
}

interface Line {
  model: string
  input: number
  output: number
}

function PriceForm({ prices, onSaved }: { prices: Prices; onSaved: () => void }) {
  const client = useQueryClient()
  const why = useWhyNot('operator')
  const [currency, setCurrency] = useState(prices.currency)
  const [lines, setLines] = useState<Line[]>(() => [...Object.entries(prices.models).map(([model, price]) => ({ model, ...price })), { model: '', input: 0, output: 0 }])
  const save = useMutation({
    mutationFn: () => call<Prices>('/prices', { method: 'PUT', body: { currency, models: Object.fromEntries(lines.filter(({ model }) => model.trim() !== '').map(({ model, input, output }) => [model.trim(), { input, output }])) } }),
    onSuccess: async () => {
      await Promise.all(['prices', 'sessions', 'session'].map((key) => client.invalidateQueries({ queryKey: [key] })))
      onSaved()
    },
  })
  const change = (at: number, part: Partial<Line>) => setLines(lines.map((line, index) => (index === at ? { ...line, ...part } : line)))
  return (
    <form className="grid gap-3" onSubmit={(event) => { event.preventDefault(); save.mutate() }}>
      <p className="m-0 text-muted">For a million tokens. A name may end in an asterisk: <code>gpt-4o*</code>; the name itself wins, then the longest.</p>
      <Field label="Currency" value={currency} onChange={setCurrency} className="w-28" maxLength={3} />
      {lines.map((line, at) => (
        <div key={at} className="flex flex-wrap items-end gap-2">
          <Field label="Model" labelHidden={at > 0} value={line.model} onChange={(model) => change(at, { model })} placeholder="model" className="min-w-40 flex-1" mono />
          <NumberInput label="Input" labelHidden={at > 0} value={line.input} minValue={0} formatOptions={{ maximumFractionDigits: 6 }} onChange={(input) => change(at, { input })} className="w-28" />
          <NumberInput label="Output" labelHidden={at > 0} value={line.output} minValue={0} formatOptions={{ maximumFractionDigits: 6 }} onChange={(output) => change(at, { output })} className="w-28" />
          <Button look="quiet" aria-label={`Remove ${line.model || 'this line'}`} onPress={() => setLines(lines.filter((_, index) => index !== at))}><Icon name="close" size={14} /></Button>
        </div>
      ))}
      {save.error && <Notice state="bad">{save.error.message}</Notice>}
      <div className="flex gap-2">
        <Button type="submit" look="primary" why={why} isPending={save.isPending}>Save</Button>
        <Button look="quiet" onPress={() => setLines([...lines, { model: '', input: 0, output: 0 }])}>Add a model</Button>
      </div>
    </form>
  )
}
