// What a backup holds, read from the catalog so that a new table is in it without a word here.
import type { PoolClient } from '../../db/pool.ts'

export interface Table {
  /** Quoted, with its schema. */
  name: string
  columns: string[]
}

/** Who is signed in and which process lives now: true at one moment, wrong at any other. */
const PASSING = ['public.session', 'public.verification', 'public.sign_in_link', 'public.control_process', 'public._prisma_migrations', 'telemetry.turn']

/** Tables in an order in which each comes after those that it refers to. */
export async function readTables(client: PoolClient, options: { telemetry: boolean }): Promise<Table[]> {
  const schemas = options.telemetry ? ['public', 'telemetry'] : ['public']
  const { rows } = await client.query<{ oid: number; plain: string; name: string; columns: string[] }>(
    `select c.oid::int as oid, n.nspname || '.' || c.relname as plain, format('%I.%I', n.nspname, c.relname) as name,
            array_agg(quote_ident(a.attname) order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition
      group by c.oid, n.nspname, c.relname order by plain`,
    [schemas],
  )
  const wanted = rows.filter(({ plain }) => !PASSING.includes(plain))
  const { rows: references } = await client.query<{ from: number; to: number }>(`select conrelid::int as from, confrelid::int as to from pg_constraint where contype = 'f' and conrelid <> confrelid`)
  return inOrder(wanted, references).map(({ name, columns }) => ({ name, columns }))
}

function inOrder<T extends { oid: number }>(tables: readonly T[], references: readonly { from: number; to: number }[]): T[] {
  const done: T[] = []
  let waiting = [...tables]
  while (waiting.length > 0) {
    const open = new Set(waiting.map(({ oid }) => oid))
    const next = waiting.filter(({ oid }) => !references.some(({ from, to }) => from === oid && open.has(to)))
    if (next.length === 0) return [...done, ...waiting] // a circle; the restore says which reference it breaks
    done.push(...next)
    waiting = waiting.filter((table) => !next.includes(table))
  }
  return done
}

/** UTC days for which telemetry has partitions. */
export async function readDays(client: PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ day: string | null }>(
    `select substring(pg_get_expr(c.relpartbound, c.oid) from '\\d{4}-\\d{2}-\\d{2}') as day
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = to_regclass('telemetry.span_part') order by 1`,
  )
  return rows.flatMap(({ day }) => (day === null ? [] : [day]))
}
