import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { openDb, type Db } from '../db/client.ts'

/** A database of its own, dropped at the end: `await using db = await testDatabase()`. It is migrated, unless it is made of another template. */
export async function testDatabase(template = 'heddle'): Promise<Db> {
  const server = new URL(inject('postgresUrl'))
  const name = `t_${randomUUID().replaceAll('-', '')}`
  const admin = async (sql: string) => {
    const client = new pg.Client({ connectionString: new URL('/postgres', server).href })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await admin(`create database ${name} template ${template}`)
  const db = openDb(new URL(`/${name}`, server).href, 'heddle-test')
  return {
    ...db,
    async [Symbol.asyncDispose]() {
      await db[Symbol.asyncDispose]()
      await admin(`drop database ${name} with (force)`)
    },
  }
}
