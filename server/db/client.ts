import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '#prisma/generated/client.ts'
import { openPool, type Pool, type PoolOptions } from './pool.ts'

/** Both ways into one PostgreSQL, over one pool: Prisma for configuration and runtime rows, SQL and COPY for telemetry. */
export interface Db extends AsyncDisposable {
  prisma: PrismaClient
  pool: Pool
  url: string
}

export function openDb(databaseUrl: string, name: string, options: PoolOptions = {}): Db {
  const pool = openPool(databaseUrl, name, options)
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  return {
    prisma,
    pool,
    url: databaseUrl,
    async [Symbol.asyncDispose]() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
