import { classes } from './classes.ts'

/** A grey stand-in of the size of what comes, so that nothing jumps. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={classes('block animate-sheen rounded-sm bg-accent-soft', className ?? 'h-4 w-full')} />
}

/** Rows of a table that is loading. */
export function SkeletonRows({ rows = 6, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="grid grid-cols-[minmax(0,1fr)] gap-px py-1">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-[34px] items-center gap-6 border-b border-line px-2.5 last:border-0">
          <Skeleton className="h-3.5 w-40" />
          <Skeleton className="h-3.5 w-24" />
          <Skeleton className="ml-auto h-3.5 w-16" />
        </div>
      ))}
    </div>
  )
}
