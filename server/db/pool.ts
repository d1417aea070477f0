import pg from 'pg'

export type Pool = pg.Pool
export type PoolClient = pg.PoolClient

/** A process's rights in PostgreSQL; the migrations grant each role what it needs and no more. */
export type DbRole = 'heddle_web' | 'heddle_control' | 'heddle_collector' | 'owner'

export interface PoolOptions {
  max?: number
  /** Refuses a statement that runs longer; 0 is no limit. */
  statementTimeoutMs?: number
  role?: DbRole
}

const POOL = { max: 8, statementTimeoutMs: 15_000, connectTimeoutMs: 3000, idleTimeoutMs: 30_000 }

/** A pool that survives a restart of PostgreSQL: a broken idle connection is dropped and said, never thrown. */
export function openPool(databaseUrl: string, name: string, options: PoolOptions = {}): Pool {
  const role = options.role && options.role !== 'owner' ? `-c role=${options.role}` : ''
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: name,
    max: options.max ?? POOL.max,
    connectionTimeoutMillis: POOL.connectTimeoutMs,
    idleTimeoutMillis: POOL.idleTimeoutMs,
    options: `-c statement_timeout=${options.statementTimeoutMs ?? POOL.statementTimeoutMs} ${role}`.trim(),
  })
  pool.on('error', () => {}) // the next query opens a new connection, and reports its own failure to whoever asked
  return pool
}

/** Runs `work` in one transaction; any throw rolls back. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => (broken = failure))
    throw error
  } finally {
    client.release(broken)
  }
}
