import type { Command } from 'commander'
import { openApi, type ApiRequest } from './client.ts'
import { globalOptions, printRows, type Column } from './output.ts'

/** Prints a list of the API as `columns`, or whole as JSON or YAML. `path` is below `/api/v1`. */
export async function printList<Row>(command: Command, path: string, columns: readonly Column<Row>[], query: ApiRequest['query'] = {}): Promise<void> {
  const { output, mesh } = globalOptions(command)
  const { items } = await openApi().get<{ items: Row[] }>(path, { mesh, ...query })
  printRows(output, items, columns)
}
