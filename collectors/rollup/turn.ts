import type { PoolClient } from '#server/db/pool.ts'

/** A collector that stands still within its turn gives it up after this. */
const STUCK_MS = 5000

/** Waits for the turn of `writer`, which ends with the transaction. True when the last turn was its own too: then what it remembers of traces is all there is. */
export async function takeTurn(client: PoolClient, writer: number): Promise<boolean> {
  const answers: unknown = await client.query(`set local idle_in_transaction_session_timeout = ${STUCK_MS}; update telemetry.turn set before = writer, writer = ${writer} returning before`)
  const [, turn] = answers as { rows: { before: number }[] }[] // pg answers two statements with a list, which its types do not know
  return turn?.rows[0]?.before === writer
}
