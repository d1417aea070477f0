import { expect, test } from 'vitest'
import { testDatabase } from '../testing/database.ts'
import { migrate, migrationNames } from './migrate.ts'

test('migrations run once, keep the rows Prisma keeps, and a second run does nothing', async () => {
  await using db = await testDatabase()
  expect(await migrate(db.url)).toEqual([])
  const { rows } = await db.pool.query('select migration_name from "_prisma_migrations" order by 1')
  expect(rows.map((row) => row.migration_name)).toEqual(await migrationNames())
})

test('a migration that was changed after it was applied is refused, and nothing is touched', async () => {
  await using db = await testDatabase()
  await db.pool.query(`update "_prisma_migrations" set checksum = 'other'`)
  await expect(migrate(db.url)).rejects.toThrow('applied in another form')
})
