'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Overview } from '#server/contracts/overview.ts'
import { messageOf } from '#server/contracts/errors.ts'
import { problemOf } from '#components/api.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Dialog } from '#components/ui/Dialog.tsx'
import { NumberInput } from '#components/ui/Field.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { toast } from '#components/ui/Toast.tsx'

const RATE_MAX = 200

/** The sample fleet says that it is one; its knobs, and one click that removes it all. */
export function SampleFleet({ sample }: { sample: NonNullable<Overview['sample']> }) {
  const client = useQueryClient()
  const why = useWhyNot('operator')
  const [removing, setRemoving] = useState(false)
  const [busy, setBusy] = useState(false)
  const [knobs, setKnobs] = useState({ rate: sample.rate, failurePercent: Math.round(sample.failureShare * 1000) / 10 })
  const changed = knobs.rate !== sample.rate || Math.abs(knobs.failurePercent / 100 - sample.failureShare) > 0.0001
  const send = async (method: 'PUT' | 'DELETE', done: string) => {
    setBusy(true)
    try {
      const response = await fetch('/api/v1/sample', { method, headers: { 'content-type': 'application/json' }, body: method === 'PUT' ? JSON.stringify({ rate: knobs.rate, failureShare: knobs.failurePercent / 100 }) : undefined })
      if (!response.ok) throw await problemOf(response)
      toast('ok', done)
      setRemoving(false)
      await client.invalidateQueries()
    } catch (error) {
      toast('bad', method === 'PUT' ? 'The knobs stay as they were' : 'The sample fleet is still there', messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Card title="Sample fleet" note={sample.running ? 'made up, so that there is something to see' : 'stopped'}>
      <div className="flex flex-wrap items-end gap-3">
        <NumberInput label="Tasks a second" value={knobs.rate} minValue={0} maxValue={RATE_MAX} step={0.5} onChange={(rate) => setKnobs({ ...knobs, rate: Number.isNaN(rate) ? 0 : rate })} className="w-[118px]" />
        <NumberInput label="Model failures" unit="%" value={knobs.failurePercent} minValue={0} maxValue={100} step={1} onChange={(share) => setKnobs({ ...knobs, failurePercent: Number.isNaN(share) ? 0 : share })} className="w-[118px]" />
        <Button why={why ?? (changed ? null : 'Nothing has been changed')} isDisabled={busy} onPress={() => void send('PUT', `${knobs.rate} tasks a second, ${knobs.failurePercent} % of the model’s answers fail`)}>Set</Button>
      </div>
      <div className="mt-3.5">
        <Button small look="danger" why={why} onPress={() => setRemoving(true)}><Icon name="trash" size={14} />Remove the sample fleet</Button>
      </div>
      <Dialog
        title="Remove the sample fleet?"
        open={removing}
        onClose={() => setRemoving(false)}
        alert
        actions={<><Button look="quiet" onPress={() => setRemoving(false)}>Keep it</Button><Button look="danger" isDisabled={busy} onPress={() => void send('DELETE', 'The sample fleet is gone')}>{busy ? 'Removing …' : 'Remove the sample fleet'}</Button></>}
      >
        <p className="m-0 text-muted">Its processes stop and everything that carries its label goes, as one revision. What you connected yourself stays. <code>npx heddle sample run</code> brings it back.</p>
      </Dialog>
    </Card>
  )
}
