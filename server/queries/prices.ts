import { Prices } from '#server/contracts/sessions.ts'
import type { Db } from '#server/db/client.ts'
import type { PoolClient } from '#server/db/pool.ts'

const KEY = 'prices'

/** What models cost; without a word from anybody nothing has a price. */
export async function readPrices(db: Db, mesh: string): Promise<Prices> {
  const row = await db.prisma.setting.findUnique({ where: { mesh_key: { mesh, key: KEY } } })
  return Prices.safeParse(row?.value).data ?? { currency: 'USD', models: {} }
}

export async function writePrices(client: PoolClient, mesh: string, prices: Prices): Promise<void> {
  await client.query('insert into setting (mesh, key, value) values ($1, $2, $3) on conflict (mesh, key) do update set value = $3, changed_at = now()', [mesh, KEY, JSON.stringify(prices)])
}
