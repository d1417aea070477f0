const LOCK = 7_232_914

/**
 * Held to the end of the transaction. Enrolment, renewal and revocation of one proxy wait for each other, so that what a revocation
 * finds is every certificate there is.
 */
export async function lockProxy(client: { query(sql: string, values: unknown[]): Promise<unknown> }, mesh: string, proxy: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, $2))', [`${mesh} ${proxy}`, LOCK])
}
