'use client'
import { useId, useRef, useState } from 'react'
import { Loom } from './Loom.tsx'
import { SeriesMark } from './SeriesMark.tsx'
import { seriesOf } from './series.ts'
import { PRESETS, WHOLE, parseShare, setShare } from './split.ts'

export interface SplitBackend {
  /** Stable key: the backend's name. */
  name: string
  /** `v2`. */
  label: string
  /** `2 instances`, or null when unknown. */
  note: string | null
}

interface SplitEditorProps {
  backends: readonly SplitBackend[]
  shares: readonly number[]
  /** What the mesh serves now. */
  served: readonly number[]
  onChange: (shares: number[]) => void
  /** Why nothing can be changed here; null when it can. */
  why: string | null
}

/** One split by slider, number and preset; whatever moves, the sum stays 100. */
export function SplitEditor({ backends, shares, served, onChange, why }: SplitEditorProps) {
  const [target, setTarget] = useState(backends.length - 1)
  const reference = useRef<readonly number[] | null>(null)
  const hint = useId()
  const set = (index: number, share: number) => {
    setTarget(index)
    onChange(setShare(shares, index, share, reference.current ?? shares))
  }
  const hold = () => { reference.current = shares }
  const release = () => { reference.current = null }
  const pair = backends.length === 2
  const changed = shares.some((share, index) => share !== served[index])
  return (
    <div className="grid gap-3">
      <Loom shares={shares} labels={backends.map((backend) => backend.label)} />
      {pair && (
        <div className="pb-5">
          <Slider label={`Share of ${backends[0]!.label}`} share={shares[0]!} served={changed ? served[0]! : null} disabled={why !== null} hint={hint} colours={[seriesOf(0).colour, seriesOf(1).colour]} onChange={(share) => set(0, share)} onHold={hold} onRelease={release} />
        </div>
      )}
      <div className={pair ? 'flex flex-wrap items-center gap-x-6 gap-y-3' : 'grid gap-1'}>
        {backends.map((backend, index) => (
          <div key={backend.name} className={pair ? 'flex items-center gap-2' : 'grid grid-cols-[minmax(110px,200px)_minmax(80px,1fr)_auto] items-center gap-3'}>
            <span className="flex min-w-0 items-center gap-2">
              <SeriesMark index={index} />
              <b className="truncate font-medium">{backend.label}</b>
              {backend.note && <span className="truncate text-muted max-md:hidden">{backend.note}</span>}
            </span>
            {!pair && <Slider label={`Share of ${backend.label}`} share={shares[index]!} served={changed ? served[index]! : null} disabled={why !== null} hint={hint} colours={[seriesOf(index).colour, 'var(--line)']} onChange={(share) => set(index, share)} onHold={hold} onRelease={release} quiet />}
            <ShareInput label={`Percent to ${backend.label}`} share={shares[index]!} disabled={why !== null} hint={hint} onFocus={() => setTarget(index)} onChange={(share) => set(index, share)} />
          </div>
        ))}
        <div className={`flex items-center gap-2 ${pair ? 'ml-auto' : 'mt-2 justify-self-end'}`}>
          <span className="text-sm text-muted">{backends[target]?.label} gets</span>
          <div role="group" aria-label={`Presets for ${backends[target]?.label}`} className="flex overflow-hidden rounded-md border border-line-strong">
            {PRESETS.map((preset) => {
              const on = shares[target] === preset
              return <button key={preset} type="button" aria-pressed={on} disabled={why !== null} onClick={() => set(target, preset)} className={`border-l border-line px-2.5 py-1 text-base tabular-nums first:border-l-0 focus-visible:outline-offset-[-3px] ${on ? 'bg-accent text-on-accent' : why ? 'text-faint' : 'text-muted hover:bg-accent-soft'}`}>{preset}</button>
            })}
          </div>
        </div>
      </div>
      <p id={hint} className={why ? 'm-0 text-sm text-muted' : 'sr-only'}>{why ?? 'Whole percent; the others take up the difference, so that the sum stays 100.'}</p>
    </div>
  )
}

interface SliderProps {
  label: string
  share: number
  served: number | null
  disabled: boolean
  hint: string
  colours: readonly [string, string]
  quiet?: boolean
  onChange: (share: number) => void
  onHold: () => void
  onRelease: () => void
}

const TRACK_CLASSES = 'peer absolute inset-x-0 top-0 h-full w-full cursor-pointer appearance-none bg-transparent outline-none disabled:cursor-default [&::-webkit-slider-thumb]:size-6 [&::-webkit-slider-thumb]:appearance-none [&::-webkit-slider-thumb]:rounded-full [&::-webkit-slider-thumb]:border-2 [&::-webkit-slider-thumb]:border-solid [&::-webkit-slider-thumb]:border-text [&::-webkit-slider-thumb]:bg-surface [&::-webkit-slider-thumb]:shadow-raised disabled:[&::-webkit-slider-thumb]:border-line-strong [&::-moz-range-thumb]:size-5 [&::-moz-range-thumb]:border-2 [&::-moz-range-thumb]:border-text [&::-moz-range-thumb]:bg-surface focus-visible:[&::-webkit-slider-thumb]:outline-2 focus-visible:[&::-webkit-slider-thumb]:outline-offset-2 focus-visible:[&::-webkit-slider-thumb]:outline-[var(--focus)]'

/** The browser's own slider: arrows by one, page by ten, home and end. */
function Slider({ label, share, served, disabled, hint, colours, quiet, onChange, onHold, onRelease }: SliderProps) {
  const thumbInset = (percent: number) => `calc(${percent}% + ${12 - (percent / WHOLE) * 24}px)` // the thumb's centre stays inside the track
  return (
    <div className="relative h-7">
      <div className="absolute inset-x-0 top-[11px] h-1.5 rounded-full" style={{ background: `linear-gradient(90deg, ${colours[0]} ${share}%, ${colours[1]} ${share}%)` }} />
      <input type="range" min={0} max={WHOLE} step={1} value={share} disabled={disabled} aria-label={label} aria-valuetext={`${share} percent`} aria-describedby={hint} className={TRACK_CLASSES}
        onChange={(event) => onChange(Number(event.target.value))} onPointerDown={onHold} onPointerUp={onRelease} onFocus={onHold} onBlur={onRelease}
        onKeyDown={(event) => {
          const step = { PageUp: 10, PageDown: -10 }[event.key]
          if (step && !disabled) { event.preventDefault(); onChange(share + step) }
        }}
      />
      {served !== null && (
        <span aria-hidden="true" className="pointer-events-none absolute top-[5px] flex -translate-x-1/2 flex-col items-center" style={{ left: thumbInset(served) }}>
          <i className="h-[18px] w-0.5 bg-text" />
          {!quiet && <span className="mt-0.5 whitespace-nowrap text-xs tabular-nums text-faint">now {served}</span>}
        </span>
      )}
    </div>
  )
}

/** A number that may be half typed: only whole percent from 0 to 100 are taken, leaving the field shows what counts. */
function ShareInput({ label, share, disabled, hint, onFocus, onChange }: { label: string; share: number; disabled: boolean; hint: string; onFocus: () => void; onChange: (share: number) => void }) {
  const [typed, setTyped] = useState<string | null>(null)
  const wrong = typed !== null && parseShare(typed) === null
  const step = (by: number) => { setTyped(null); onChange(share + by) }
  const steps: Record<string, number> = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }
  return (
    <span className={`inline-flex h-8 w-[76px] items-center rounded-md border bg-surface pr-2.5 focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-[var(--focus)] ${wrong ? 'border-bad' : 'border-line-strong'} ${disabled ? 'bg-sunken! text-faint' : ''}`}>
      <input inputMode="numeric" autoComplete="off" aria-label={label} aria-invalid={wrong} aria-describedby={hint} disabled={disabled} value={typed ?? String(share)} className="w-full min-w-0 bg-transparent pl-2 text-right text-md font-medium tabular-nums outline-none"
        onFocus={(event) => { onFocus(); event.target.select() }}
        onBlur={() => setTyped(null)}
        onChange={(event) => {
          setTyped(event.target.value)
          const next = parseShare(event.target.value)
          if (next !== null) onChange(next)
        }}
        onKeyDown={(event) => {
          const by = steps[event.key]
          if (by) { event.preventDefault(); step(by) }
        }}
      />
      <span className="pl-1 text-muted" aria-hidden="true">%</span>
    </span>
  )
}
