// The minutes in which each class of spans has parts, which is where a search looks for it: `telemetry.span_minute`.
import type { PoolClient } from '#server/db/pool.ts'
import type { SpanColumns } from './columns.ts'
import type { SpanPart } from './parts.ts'

const MINUTE_US = 60e6
const DAY_MS = 86_400_000
const MINUTES_A_DAY = 1440
/** Minutes of today that are remembered as written; spans come late. */
const REMEMBERED = 64

/** Minutes since 1970, and in each the service of a class by the class. */
export type NewMinutes = Map<number, Map<number, number>>

export interface WrittenMinutes {
  /** Adds to `found` what a part is the first to say. It has been named. */
  note(found: NewMinutes, requests: readonly SpanColumns[], part: SpanPart): void
  /** After the commit that wrote them, never before. */
  put(written: NewMinutes): void
  /** After a commit whose outcome is unknown. */
  clear(): void
}

export function openWrittenMinutes(): WrittenMinutes {
  const known = new Map<number, Set<number>>()
  return {
    note(found, requests, { places, newestUs }) {
      const minute = Math.floor(newestUs / MINUTE_US)
      const written = known.get(minute)
      for (let at = 0; at < places.length; at += 3) {
        const kind = requests[places[at]!]!.classes[places[at + 1]!]! // in bounds, and the dictionary gave it
        if (written?.has(kind.id)) continue
        let fresh = found.get(minute)
        if (!fresh) found.set(minute, (fresh = new Map()))
        fresh.set(kind.id, kind.service.id)
      }
    },
    put(written) {
      const today = Math.floor(Date.now() / DAY_MS) * MINUTES_A_DAY // another day may be dropped, and made anew without them
      for (const [minute, classes] of written) {
        if (minute < today) continue
        const before = known.get(minute)
        if (before) for (const id of classes.keys()) before.add(id)
        else known.set(minute, new Set(classes.keys()))
      }
      for (const minute of known.keys()) if (known.size > REMEMBERED) known.delete(minute)
    },
    clear() {
      known.clear()
    },
  }
}

/** Another collector may have written the same. */
export async function insertMinutes(client: PoolClient, minutes: NewMinutes): Promise<void> {
  if (minutes.size === 0) return
  const rows = [...minutes].flatMap(([minute, classes]) => [...classes].map(([id, service]) => [minute, service, id] as const))
  await client.query(INSERT, [rows.map(([minute]) => minute), rows.map(([, service]) => service), rows.map(([, , id]) => id)])
}

const INSERT = `
  insert into telemetry.span_minute (minute, service_id, class_id)
  select to_timestamp(minute * 60), service_id, class_id from unnest($1::bigint[], $2::int[], $3::int[]) as each (minute, service_id, class_id)
  on conflict do nothing`
