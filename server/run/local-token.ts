// The command line of this machine has an admin token of its own, readable by whoever owns the home.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Pool } from '../db/pool.ts'
import { readPrivate, writePrivate, type HomePaths } from './home.ts'

const NAME = 'command line on this machine'

/** Makes the token where the store does not know the one in the home, and writes `{url, token}` for the command line. */
export async function keepLocalToken(home: HomePaths, pool: Pool, url: string): Promise<{ first: boolean }> {
  const before = readToken(home)
  const known = before !== null && (await isKnown(pool, before))
  const token = known ? before : await createLocalToken(pool)
  writePrivate(home.credentials, `${JSON.stringify({ url, token }, null, 2)}\n`)
  return { first: !known }
}

function readToken(home: HomePaths): string | null {
  try {
    const kept: unknown = JSON.parse(readPrivate(home.credentials) ?? '{}')
    return typeof kept === 'object' && kept !== null && 'token' in kept && typeof kept.token === 'string' ? kept.token : null
  } catch {
    return null // spoiled by hand; a new one is made
  }
}

async function isKnown(pool: Pool, token: string): Promise<boolean> {
  const { rowCount } = await pool.query('select 1 from api_token where hash = $1 and revoked_at is null', [hashOf(token)])
  return rowCount === 1
}

async function createLocalToken(pool: Pool): Promise<string> {
  const token = `hdl_${randomBytes(32).toString('base64url')}`
  const id = randomUUID()
  await pool.query(`insert into api_token (id, name, prefix, hash, role, created_by) values ($1, $2, $3, $4, 'admin', 'first start')`, [id, NAME, token.slice(0, 10), hashOf(token)])
  await pool.query(`insert into audit (actor, action, target, result, detail) values ('first start', 'token.create', $1, 'ok', '{}')`, [NAME])
  return token
}

const hashOf = (token: string) => createHash('sha256').update(token).digest()
