import type { Config } from '../config.ts'
import { migrate } from '../db/migrate.ts'
import { databaseUrlOf, keepPostgresAlive } from './database.ts'
import { homePaths, openHome } from './home.ts'
import { endLeftovers } from './leftovers.ts'
import { readLock, takeLock } from './lock.ts'
import { openLog } from './log.ts'
import { logFileOf } from './log-file.ts'

/** Runs `work` on the store of this Heddle; starts the embedded PostgreSQL for as long as that takes where no Heddle runs. */
export async function withStore<T>(config: Config, work: (databaseUrl: string, running: boolean) => Promise<T>): Promise<T> {
  const running = readLock(homePaths(config.home)) !== null
  if (config.databaseUrl || running) {
    const url = databaseUrlOf(config)
    if (!running) await migrate(url)
    return work(url, running)
  }
  const home = openHome(config.home, { sharedWithPostgres: process.getuid?.() === 0 })
  using _held = takeLock(home, config.publicUrl)
  await endLeftovers(home)
  await using database = await keepPostgresAlive(home, openLog('store', config, {}, logFileOf(home.logs, 'supervisor')))
  await migrate(database.url)
  return await work(database.url, false)
}
