import type { Decision } from '#server/contracts/semantic.ts'
import { CandidateRow, DecisionOutcome } from '#server/contracts/semantic.ts'
import type { Db } from '#server/db/client.ts'
import { z } from 'zod'

export interface DecisionFilter {
  namespace?: string
  route?: string
  traceId?: string
  outcome?: Decision['outcome']
  limit: number
  /** The last of the page before. Its moment is looked up: as JavaScript knows it, it would lack its microseconds. */
  after?: string | null
}

interface Row extends Omit<Decision, 'at' | 'candidates' | 'outcome' | 'mode'> {
  at: Date
  mode: string
  outcome: string
  candidates: unknown
}

const COLUMNS = `id, namespace, route, at, caller, mode, outcome, chosen, skill, reason, confidence, task_hash as "taskHash", task_text as "taskText", trace_id as "traceId", candidates, revision, duration_ms as "durationMs", corrected`

/** Newest first. */
export async function readDecisions(db: Db, mesh: string, { namespace, route, traceId, outcome, limit, after }: DecisionFilter): Promise<Decision[]> {
  const { rows } = await db.pool.query<Row>(
    `select ${COLUMNS} from semantic_decision where mesh = $1 and ($2::text is null or namespace = $2) and ($3::text is null or route = $3) and ($4::text is null or trace_id = $4) and ($5::text is null or outcome = $5)
       and ($6::text is null or (at, id) < (select last.at, last.id from semantic_decision last where last.mesh = $1 and last.id = $6)) order by at desc, id desc limit $7`,
    [mesh, namespace ?? null, route ?? null, traceId ?? null, outcome ?? null, after ?? null, limit],
  )
  return rows.map(parse)
}

/** With the embedding of its task, for a replay; null when there is none of this id. */
export async function readDecision(db: Db, mesh: string, id: string): Promise<{ decision: Decision; embedding: Float32Array | null } | null> {
  const { rows } = await db.pool.query<Row & { embedding: Buffer | null }>(`select ${COLUMNS}, embedding from semantic_decision where mesh = $1 and id = $2`, [mesh, id])
  const row = rows[0]
  if (!row) return null
  const { embedding, ...rest } = row
  return { decision: parse(rest), embedding: embedding && new Float32Array(new Uint8Array(embedding).buffer) }
}

/** False when there is none of this id. */
export async function correctDecision(db: Db, mesh: string, id: string, corrected: string | null, by: string): Promise<boolean> {
  const { rowCount } = await db.pool.query('update semantic_decision set corrected = $3, corrected_by = $4 where mesh = $1 and id = $2', [mesh, id, corrected, by])
  return rowCount === 1
}

function parse(row: Row): Decision {
  return { ...row, at: row.at.toISOString(), mode: row.mode === 'shadow' ? 'shadow' : 'enforce', outcome: DecisionOutcome.parse(row.outcome), candidates: z.array(CandidateRow).parse(row.candidates) }
}
