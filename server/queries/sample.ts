import { z } from 'zod'
import { SAMPLE_LABEL } from '#server/contracts/meta.ts'
import type { ObjectRef } from '#server/contracts/object.ts'
import { SAMPLE_KNOBS_DEFAULT, SampleKnobs, SampleReport } from '#server/contracts/sample.ts'
import type { Db } from '#server/db/client.ts'

const KEYS = { wanted: 'sample.wanted', report: 'sample.report' }
const Wanted = SampleKnobs.extend({ running: z.boolean() })
const Kept = z.object({ report: SampleReport, at: z.string() })

export interface SampleState {
  wanted: z.infer<typeof Wanted>
  /** What the fleet said last, and when; null when it never did. */
  last: z.infer<typeof Kept> | null
}

export async function readSample(db: Db, mesh: string): Promise<SampleState> {
  const rows = await db.prisma.setting.findMany({ where: { mesh, key: { in: Object.values(KEYS) } } })
  const valueOf = (key: string) => rows.find((row) => row.key === key)?.value
  return {
    wanted: Wanted.safeParse(valueOf(KEYS.wanted)).data ?? { ...SAMPLE_KNOBS_DEFAULT, running: true },
    last: Kept.safeParse(valueOf(KEYS.report)).data ?? null,
  }
}

export async function writeSampleWanted(db: Db, mesh: string, wanted: z.infer<typeof Wanted>): Promise<void> {
  await writeSetting(db, mesh, KEYS.wanted, wanted)
}

export async function writeSampleReport(db: Db, mesh: string, report: SampleReport): Promise<void> {
  await writeSetting(db, mesh, KEYS.report, { report, at: new Date().toISOString() })
}

/** Everything that carries the sample's label. */
export async function readSampleRefs(db: Db, mesh: string): Promise<ObjectRef[]> {
  const { rows } = await db.pool.query<ObjectRef>('select kind, namespace, name from object where mesh = $1 and labels ? $2 order by kind, namespace, name', [mesh, SAMPLE_LABEL])
  return rows
}

/** Instances of the agents among `refs` that sidecars still announce. */
export async function countInstances(db: Db, mesh: string, refs: readonly ObjectRef[]): Promise<number> {
  const agents = refs.filter((ref) => ref.kind === 'Agent').map((ref) => ({ namespace: ref.namespace, agent: ref.name }))
  return agents.length === 0 ? 0 : db.prisma.instance.count({ where: { mesh, source: 'sidecar', OR: agents } })
}

async function writeSetting(db: Db, mesh: string, key: string, value: object): Promise<void> {
  await db.pool.query('insert into setting (mesh, key, value) values ($1, $2, $3) on conflict (mesh, key) do update set value = $3, changed_at = now()', [mesh, key, JSON.stringify(value)])
}
