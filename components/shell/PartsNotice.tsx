'use client'
import type { ReactNode } from 'react'
import type { Parts } from '#server/contracts/parts.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading } from '#components/mesh/call.ts'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Notice } from '#components/ui/Notice.tsx'

const EVERY_MS = 5000

/** What of Heddle itself is away, over every page: what is still true of the mesh, and what waits. Nothing while all is well. */
export function PartsNotice() {
  const { data, error } = useLiveQuery<Parts>({ ...reading<Parts>(asks.parts()), topics: [], everyMs: EVERY_MS })
  if (error) return <Strip>Heddle’s database cannot be reached, or its console is away. What is shown is what was last read; agents keep calling each other.</Strip>
  if (!data) return null
  return (
    <>
      {data.control.state === 'away' && <Strip>No control process reports{data.control.heardAt && <> since <LocalTime at={data.control.heardAt} form="short" /></>}. Proxies go on with what they hold; a change is stored and reaches them when control is back.</Strip>}
      {data.collector.state === 'away' && <Strip>No collector reports{data.collector.heardAt && <> since <LocalTime at={data.collector.heardAt} form="short" /></>}. Calls go on and sidecars go on counting; figures catch up when it is back, spans of this time are lost.</Strip>}
    </>
  )
}

function Strip({ children }: { children: ReactNode }) {
  return <div className="mx-auto w-full max-w-[1560px] flex-none px-3.5 pt-3.5 md:px-6"><Notice state="warn">{children}</Notice></div>
}
