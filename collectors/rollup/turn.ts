import type { PoolClient } from '#server/db/pool.ts'

/** A collector that stands still within its turn gives it up after this. */
const STUCK_MS = 5000

/** This process among the collectors of a database. */
export const WRITER = Math.floor(Math.random() * 2_000_000_000)

/**
 * Waits for this collector's turn, which ends with the transaction. True when the last turn was this process's own: then what it
 * remembers of traces is all there is.
 */
export async function takeTurn(client: PoolClient, writer = WRITER): Promise<boolean> {
  await client.query(`set local idle_in_transaction_session_timeout = ${STUCK_MS}`)
  const { rows } = await client.query<{ before: number }>('update telemetry.turn set before = writer, writer = $1 returning before', [writer])
  return rows[0]?.before === writer
}
