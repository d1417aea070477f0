import { Receivers, type Receiver } from '../contracts/objective.ts'
import type { Db } from './client.ts'
import type { PoolClient } from './pool.ts'

const KEY = 'receivers'

/** Who is told of alerts; nobody until somebody says so. */
export async function readReceivers(db: Db, mesh: string): Promise<Receiver[]> {
  const row = await db.prisma.setting.findUnique({ where: { mesh_key: { mesh, key: KEY } } })
  return Receivers.safeParse(row?.value).data?.items ?? []
}

export async function writeReceivers(client: PoolClient, mesh: string, receivers: Receivers): Promise<void> {
  await client.query('insert into setting (mesh, key, value) values ($1, $2, $3) on conflict (mesh, key) do update set value = $3, changed_at = now()', [mesh, KEY, JSON.stringify(receivers)])
}
