import { Redaction } from '#server/contracts/redaction.ts'
import type { Db } from '#server/db/client.ts'
import type { PoolClient } from '#server/db/pool.ts'

const KEY = 'redaction'

/** What is taken out of telemetry; without a word from anybody the rules that are on by themselves. */
export async function readRedaction(db: Db, mesh: string): Promise<Redaction> {
  const row = await db.prisma.setting.findUnique({ where: { mesh_key: { mesh, key: KEY } } })
  return Redaction.parse(row?.value ?? {})
}

/** Collectors read it every two seconds. */
export async function writeRedaction(client: PoolClient, mesh: string, rules: Redaction): Promise<void> {
  await client.query('insert into setting (mesh, key, value) values ($1, $2, $3) on conflict (mesh, key) do update set value = $3, changed_at = now()', [mesh, KEY, JSON.stringify(rules)])
}
