// One gzip file of lines: a header, then for each table a line that names it, its rows as COPY writes them, and `\.`; a last line says it is whole.
import { z } from 'zod'

export const Header = z.object({
  format: z.literal('heddle-backup'),
  version: z.number().int(),
  at: z.string(),
  migrations: z.array(z.string()),
  /** UTC days of telemetry in it; empty without telemetry. */
  days: z.array(z.string()),
})
export type Header = z.infer<typeof Header>

export const BACKUP_VERSION = 1

export const TableLine = z.object({ table: z.string(), columns: z.array(z.string()) })
export const EndLine = z.object({ end: z.literal(true), rows: z.record(z.string(), z.number().int()) })

/** Ends a table; no row that COPY writes looks like it, because a backslash in a value is doubled. */
export const END_OF_ROWS = '\\.'
