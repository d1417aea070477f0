// Blocks of spans that may have what is sought, newest first, by what lies beside each: when its spans began, and a filter of its terms.
import type { Db } from '#server/db/client.ts'
import { mayHaveTerm } from '#server/otlp/term-filter.ts'

export interface StoredBlock {
  id: string
  bytes: Buffer
}

export interface BlockStretch {
  /** Spans that begin in it. */
  startUs: number
  endUs: number
  /** Of each list a block has one term; null is anything. */
  terms: readonly (readonly number[] | null)[]
}

interface Row extends StoredBlock {
  newest_us: string | null
}

/** Walks back from the newest block that has a span in the stretch. */
export function walkBlocks(db: Db, { startUs, endUs, terms }: BlockStretch) {
  const text = blocksBefore(terms)
  let fromUs = endUs
  let last: { newestUs: number | null; id: string } = { newestUs: null, id: LAST_ID } // null is later than any
  let isThrough = true
  return {
    /** No span of a block that is still to come began later; -Infinity when there is none. */
    get unseenUs() {
      if (!isThrough) return last.newestUs ?? Infinity
      return fromUs === startUs ? -Infinity : fromUs - 1
    },
    /** `count` blocks at most; when those so far are through, from the `lengthUs` before them. */
    async next(lengthUs: number, count: number): Promise<StoredBlock[]> {
      if (isThrough) fromUs = Math.max(startUs, fromUs - lengthUs)
      const { rows } = await db.pool.query<Row>(text, [startUs, endUs, fromUs, last.newestUs, last.id, count])
      isThrough = rows.length < count
      const row = rows.at(-1)
      last = isThrough || !row ? { newestUs: fromUs, id: FIRST_ID } : { newestUs: row.newest_us === null ? null : Number(row.newest_us), id: row.id }
      return rows
    },
  }
}

const FIRST_ID = '-9223372036854775808'
const LAST_ID = '9223372036854775807'
const MOMENT = (place: string) => `to_timestamp(${place}::numeric / 1000000)`
const DAY = (place: string) => `date_trunc('day', ${MOMENT(place)}, 'UTC')`

function blocksBefore(terms: BlockStretch['terms']): string {
  const asked = terms.flatMap((ways) => (ways === null ? [] : [`(${['terms is null', ...ways.map((term) => mayHaveTerm('terms', term))].join(' or ')})`]))
  return `
    select id, bytes, nullif(extract(epoch from newest) * 1000000, 'infinity')::bigint as newest_us from telemetry.span_block
    where day >= ${DAY('$1')} and day <= ${DAY('$2')} and oldest < ${MOMENT('$2')} and newest >= ${MOMENT('$3')}
      and (newest, id) < (coalesce(${MOMENT('$4')}, 'infinity'), $5::bigint)
      ${asked.map((each) => `and ${each}`).join('\n      ')}
    order by newest desc, id desc limit $6`
}
