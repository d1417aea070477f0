import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { openDb, type Db } from '../db/client.ts'

/** A migrated database of its own, dropped at the end: `await using db = await testDatabase()`. */
export async function testDatabase(): Promise<Db> {
  const template = new URL(inject('postgresUrl'))
  const name = `t_${randomUUID().replaceAll('-', '')}`
  const admin = async (sql: string) => {
    const client = new pg.Client({ connectionString: new URL('/postgres', template).href })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await admin(`create database ${name} template heddle`)
  const db = openDb(new URL(`/${name}`, template).href, 'heddle-test')
  return {
    ...db,
    async [Symbol.asyncDispose]() {
      await db[Symbol.asyncDispose]()
      await admin(`drop database ${name} with (force)`)
    },
  }
}
