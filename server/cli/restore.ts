import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readConfig, type Config } from '../config.ts'
import { MeshError } from '../contracts/errors.ts'
import { readBackup } from '../run/backup/read.ts'
import { homePaths, openHome, readPrivate, writePrivate } from '../run/home.ts'
import { withStore } from '../run/store.ts'

export function register(program: Command): void {
  program
    .command('restore')
    .description('read a backup into an empty store')
    .argument('<file>', 'what "heddle backup" wrote')
    .option('--secret-key <file>', 'the secret key that its CA keys are sealed with; put into the home')
    .addHelpText('after', '\nAll of it or nothing. People sign in afresh; API tokens, identities, revocations and revisions are as they were.\n\nExample:\n  HEDDLE_HOME=/srv/heddle heddle restore heddle-2026-11-22.backup --secret-key old-home/secret.key\n')
    .action(async (name: string, options: { secretKey?: string }) => {
      const config = readConfig()
      const file = resolve(name)
      if (!existsSync(file)) throw new MeshError('not_found', `${file} is not there`)
      if (options.secretKey) refuseOtherKey(config, options.secretKey)
      const { at, rows } = await withStore(config, (url, running) => {
        if (running) throw new MeshError('conflict', 'a Heddle runs in this home, so its store is not empty; stop it and restore into a new home')
        return readBackup(url, file)
      })
      if (options.secretKey) putKey(config, options.secretKey)
      const total = Object.values(rows).reduce((sum, count) => sum + count, 0)
      console.log(`Restored ${total} rows of ${Object.keys(rows).length} tables, as they were at ${at}`)
      if (!config.secretKey && readPrivate(homePaths(config.home).secretKey) === null)
        console.log(`Before the start, put the secret key that its CA keys are sealed with at ${homePaths(config.home).secretKey}, or set HEDDLE_SECRET_KEY`)
    })
}

function refuseOtherKey(config: Config, path: string): void {
  if (!existsSync(path)) throw new MeshError('not_found', `${path} is not there`)
  const { secretKey } = homePaths(config.home)
  const present = readPrivate(secretKey)
  if (present !== null && present.trim() !== readFileSync(path, 'utf8').trim()) throw new MeshError('conflict', `${secretKey} holds another key; nothing was restored`)
}

function putKey(config: Config, path: string): void {
  const home = openHome(config.home, { sharedWithPostgres: !config.databaseUrl && process.getuid?.() === 0 })
  writePrivate(home.secretKey, `${readFileSync(path, 'utf8').trim()}\n`)
}
