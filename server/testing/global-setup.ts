// One PostgreSQL a test run; each test file takes a database copied from a migrated template (see database.ts).
import { mkdtemp, rm, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { migrate } from '../db/migrate.ts'
import { startPostgres } from '../run/postgres.ts'
import { freePort } from './free-port.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

export default async function setup(project: TestProject) {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-test-'))
  await chmod(directory, 0o711) // PostgreSQL runs as another user when tests run as root
  const postgres = await startPostgres({
    dataDir: join(directory, 'pg'),
    port: await freePort(),
    password: 'test',
    settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '64MB' },
  })
  await migrate(postgres.url)
  project.provide('postgresUrl', postgres.url)
  return async () => {
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
