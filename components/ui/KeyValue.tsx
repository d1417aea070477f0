import type { ReactNode } from 'react'

/** A list of names and values; a row whose value is null or undefined is left out. */
export function KeyValue({ rows, wide }: { rows: readonly (readonly [ReactNode, ReactNode] | null | false)[]; wide?: boolean }) {
  return (
    <dl className="m-0 grid grid-cols-[minmax(0,1fr)] gap-y-2 text-base">
      {rows.map((row, index) =>
        row && row[1] !== null && row[1] !== undefined ? (
          <div key={index} className={wide ? 'grid gap-x-4 sm:grid-cols-[200px_1fr]' : 'flex items-baseline justify-between gap-4'}>
            <dt className="text-muted">{row[0]}</dt>
            <dd className={wide ? 'm-0 min-w-0 break-words' : 'm-0 min-w-0 text-right break-words tabular-nums'}>{row[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  )
}
