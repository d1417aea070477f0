import type { Command } from 'commander'
import { stringify } from 'yaml'
import { MeshError } from '../contracts/errors.ts'

export type OutputForm = 'table' | 'json' | 'yaml'

/** What every command can be asked with: `-o`, `--mesh`. */
export interface GlobalOptions {
  output: OutputForm
  mesh: string
}

export function globalOptions(command: Command): GlobalOptions {
  const options = command.optsWithGlobals<{ output?: string; mesh?: string }>()
  const { output = 'table', mesh = 'local' } = options
  if (output !== 'table' && output !== 'json' && output !== 'yaml') throw new MeshError('bad_request', `-o takes table, json or yaml, not “${output}”`)
  return { output, mesh }
}

export interface Column<Row> {
  title: string
  value: (row: Row) => string | number | null | undefined
}

/** Prints `rows` as a table of `columns`, or `data` (the rows by default) as JSON or YAML. */
export function printRows<Row>(form: OutputForm, rows: readonly Row[], columns: readonly Column<Row>[], data: unknown = rows): void {
  if (form === 'table') console.log(formatTable(rows, columns))
  else printData(form, data)
}

export function printData(form: Exclude<OutputForm, 'table'>, data: unknown): void {
  process.stdout.write(form === 'json' ? `${JSON.stringify(data, null, 2)}\n` : stringify(data))
}

export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [columns.map((column) => column.title.toUpperCase()), ...rows.map((row) => columns.map((column) => printable(column.value(row))))]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)))
  return cells.map((line) => line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ').trimEnd()).join('\n')
}

/** Text from outside must not steer the terminal. */
function printable(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === '') return '-'
  return String(value).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}
