import { seriesOf } from './series.ts'

/** The line of a version, as it is drawn everywhere. */
export function SeriesMark({ index }: { index: number }) {
  const { colour, dash } = seriesOf(index)
  return <svg width="18" height="4" className="shrink-0" aria-hidden="true"><line x1="0" x2="18" y1="2" y2="2" stroke={colour} strokeWidth="3" strokeDasharray={dash && '7 3'} /></svg>
}
