import { seriesOf } from '#components/mesh/series.ts'
import { formatShare } from '#components/ui/format.ts'

export interface Strand {
  version: string
  requests: number
}

/** Versions in the order that gives each its colour, everywhere the same. */
export function inSeriesOrder<T extends { version: string }>(versions: readonly T[]): T[] {
  return versions.toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
}

export function shareOf(versions: readonly Strand[], version: Strand): number | null {
  const total = versions.reduce((sum, each) => sum + each.requests, 0)
  return total > 0 ? version.requests / total : null
}

/** The strands of an agent's traffic: how much each version answered. */
export function StrandBar({ versions, height = 8 }: { versions: readonly Strand[]; height?: number }) {
  const ordered = inSeriesOrder(versions)
  const total = ordered.reduce((sum, version) => sum + version.requests, 0)
  const says = ordered.map((version) => `${version.version} ${formatShare(shareOf(ordered, version))}`).join(', ')
  return (
    <span role="img" aria-label={says} className="flex gap-[2px] overflow-hidden rounded-full bg-accent-soft" style={{ height }}>
      {ordered.map((version, index) => {
        const { colour, dash } = seriesOf(index)
        return (
          <span
            key={version.version}
            className={`${total > 0 ? 'min-w-[3px]' : ''} transition-[flex-grow] duration-300`}
            style={{ flexGrow: total > 0 ? version.requests : 0, flexBasis: 0, background: dash ? `repeating-linear-gradient(90deg, ${colour} 0 7px, color-mix(in srgb, ${colour} 55%, var(--surface)) 7px 9px)` : colour }}
          />
        )
      })}
    </span>
  )
}
