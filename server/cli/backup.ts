import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'
import { writeBackup } from '../run/backup/write.ts'
import { homePaths } from '../run/home.ts'
import { withStore } from '../run/store.ts'
import { globalOptions, printRows } from './output.ts'

export function register(program: Command): void {
  program
    .command('backup')
    .description('write configuration and identity to one file')
    .argument('<file>', 'where to; it must not exist')
    .option('--telemetry', 'with spans, rollups and counters', false)
    .addHelpText('after', '\nWorks while Heddle runs. CA keys stay encrypted; keep the secret key apart from the file.\n\nExample:\n  heddle backup heddle-$(date +%F).backup\n')
    .action(async (name: string, options: { telemetry: boolean }, command: Command) => {
      const config = readConfig()
      const file = resolve(name)
      if (existsSync(file)) throw new MeshError('conflict', `${file} exists; name another file`)
      const { rows } = await withStore(config, (url) => writeBackup(url, file, options))
      const { output } = globalOptions(command)
      const list = Object.entries(rows).map(([table, count]) => ({ table, rows: count }))
      printRows(output, list, [
        { title: 'table', value: (row) => row.table },
        { title: 'rows', value: (row) => row.rows },
      ])
      const key = config.secretKey ? 'HEDDLE_SECRET_KEY' : homePaths(config.home).secretKey
      console.error(`Wrote ${file}. To restore it you also need the secret key (${key}); it is not in the file.`)
    })
}
