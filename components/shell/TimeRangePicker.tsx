'use client'
import { useState } from 'react'
import { describeWindow, rangeMs, type WindowName } from '#components/time-range.ts'
import { Button } from '#components/ui/Button.tsx'
import { Dialog } from '#components/ui/Dialog.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { useTimeRange } from '#components/use-time-range.ts'

const OFFERED: readonly WindowName[] = ['5m', '15m', '1h', '6h', '24h']

/** The console's one time range. */
export function TimeRangePicker() {
  const { range, says, setWindow, setFixed } = useTimeRange()
  const [picking, setPicking] = useState(false)
  const options = [...OFFERED.map((id) => ({ id, title: describeWindow(id) })), { id: 'pick', title: range.kind === 'fixed' ? says : 'Pick…' } as const]
  return (
    <>
      <Segmented label="Time range" options={options} value={range.kind === 'window' ? range.window : 'pick'} onChange={(id) => (id === 'pick' ? setPicking(true) : void setWindow(id))} className="max-md:hidden" />
      <Button small className="md:hidden" onPress={() => setPicking(true)}>
        <span className="sr-only">Time range: </span>
        {range.kind === 'window' ? describeWindow(range.window) : 'Fixed'}
      </Button>
      {picking && <PickRange onClose={() => setPicking(false)} lengthMs={rangeMs(range)} to={range.kind === 'fixed' ? Date.parse(range.to) : Date.now()} onWindow={(window) => void setWindow(window)} onFixed={(from, to) => void setFixed(from, to)} />}
    </>
  )
}

function PickRange({ onClose, lengthMs, to, onWindow, onFixed }: { onClose: () => void; lengthMs: number; to: number; onWindow: (window: WindowName) => void; onFixed: (from: string, to: string) => void }) {
  const [times, setTimes] = useState({ from: localInput(to - lengthMs), to: localInput(to) })
  const [from, until] = [new Date(times.from), new Date(times.to)]
  const wrong = Number.isNaN(from.getTime()) || Number.isNaN(until.getTime()) ? 'Both times are needed.' : from >= until ? 'The start is not before the end.' : null
  const apply = () => {
    onFixed(from.toISOString(), until.toISOString())
    onClose()
  }
  return (
    <Dialog title="Time range" open onClose={onClose} actions={<Button look="primary" why={wrong} onPress={apply}>Show this time</Button>}>
      <Segmented
        label="Up to now"
        value={null}
        options={OFFERED.map((id) => ({ id, title: describeWindow(id) }))}
        onChange={(window) => {
          onWindow(window)
          onClose()
        }}
      />
      <div className="mt-4 grid gap-3 sm:grid-cols-2">
        <Field label="From" type={'datetime-local' as 'text'} value={times.from} onChange={(value) => setTimes({ ...times, from: value })} />
        <Field label="To" type={'datetime-local' as 'text'} value={times.to} onChange={(value) => setTimes({ ...times, to: value })} error={wrong} />
      </div>
    </Dialog>
  )
}

/** What `<input type="datetime-local">` takes, in the reader's own time zone. */
function localInput(time: number): string {
  const date = new Date(time)
  return new Date(time - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
