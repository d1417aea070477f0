// Decisions on their way to the store, and which agent has which conversation. A slow database costs records, never calls.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Decision } from '../contracts/semantic.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import type { Vector } from './model.ts'

const FLUSH_MS = 200
const WAITING_MAX = 10_000
const BATCH_MAX = 500
const CONVERSATIONS_MAX = 50_000
/** A call waits 250 ms for its decision: a store that hangs must not take them all. */
const LOOKUP_MS = 100
/** Decisions and conversations kept. */
const KEPT_DAYS = 7
const SWEEP_MS = 600_000

export interface DecisionRow extends Omit<Decision, 'at' | 'corrected'> {
  contextHash: string | null
  embedding: Vector | null
}

export interface Recorder extends AsyncDisposable {
  record(row: DecisionRow): void
  /** The agent that a conversation was given to; null for a new one, and where the store does not say in time. At once for one that this process knows. */
  agentOf(route: string, contextHash: string): string | Promise<string | null>
  keep(route: string, contextHash: string, agent: string): void
  /** Decisions that the store did not take in time. */
  readonly dropped: number
}

export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

export function startRecorder(db: Db, mesh: string, onError: (error: Error) => void): Recorder {
  let waiting: DecisionRow[] = []
  const conversations = new Map<string, string>()
  let changed = new Map<string, { route: string; contextHash: string; agent: string }>()
  let dropped = 0
  let stopped = false
  let lastSweep = Date.now()

  const flush = async () => {
    const [rows, kept] = [waiting.splice(0, BATCH_MAX), [...changed.values()]]
    changed = new Map()
    try {
      if (rows.length > 0) await writeDecisions(db, mesh, rows)
      if (kept.length > 0) await writeConversations(db, mesh, kept)
      if (Date.now() - lastSweep > SWEEP_MS) {
        lastSweep = Date.now()
        await sweep(db, mesh)
      }
    } catch (error) {
      for (const one of kept) if (changed.size < CONVERSATIONS_MAX) changed.set(`${one.route} ${one.contextHash}`, one)
      if (waiting.length + rows.length <= WAITING_MAX) waiting = [...rows, ...waiting]
      else dropped += rows.length
      onError(new Error(`cannot store decisions: ${messageOf(error)}`))
    }
    if (!stopped) timer = setTimeout(() => (running = flush()), FLUSH_MS)
  }
  let timer = setTimeout(() => (running = flush()), FLUSH_MS)
  let running: Promise<void> = Promise.resolve()

  const remember = (key: string, agent: string) => {
    conversations.delete(key)
    conversations.set(key, agent)
    if (conversations.size > CONVERSATIONS_MAX) conversations.delete(conversations.keys().next().value ?? '')
  }
  return {
    record(row) {
      if (waiting.length >= WAITING_MAX) dropped++
      else waiting.push(row)
    },
    agentOf(route, contextHash) {
      const key = `${route} ${contextHash}`
      return conversations.get(key) ?? Promise.race([readAgent(db, mesh, route, contextHash).then(
        (agent) => {
          if (agent !== null && !conversations.has(key)) remember(key, agent)
          return agent
        },
        (error: unknown) => {
          onError(new Error(`cannot read whose conversation it is: ${messageOf(error)}`))
          return null
        },
      ), sleep(LOOKUP_MS, null, { ref: false })])
    },
    keep(route, contextHash, agent) {
      const key = `${route} ${contextHash}`
      remember(key, agent)
      changed.set(key, { route, contextHash, agent })
    },
    get dropped() {
      return dropped
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      stopped = true
      await running
      await flush()
    },
  }
}

async function readAgent(db: Db, mesh: string, route: string, contextHash: string): Promise<string | null> {
  const { rows } = await db.pool.query<{ agent: string }>('select agent from semantic_conversation where mesh = $1 and route = $2 and context_hash = $3', [mesh, route, contextHash])
  return rows[0]?.agent ?? null
}

async function writeDecisions(db: Db, mesh: string, rows: readonly DecisionRow[]): Promise<void> {
  const values = rows.map((row) => ({ ...row, embedding: row.embedding && Buffer.from(row.embedding.buffer, row.embedding.byteOffset, row.embedding.byteLength).toString('hex') }))
  await db.pool.query(
    `insert into semantic_decision (id, mesh, namespace, route, caller, mode, outcome, chosen, skill, reason, confidence, task_hash, task_text, embedding, context_hash, trace_id, candidates, revision, duration_ms)
     select id, $1, namespace, route, caller, mode, outcome, chosen, skill, reason, confidence, "taskHash", "taskText", decode(embedding, 'hex'), "contextHash", "traceId", candidates, revision, "durationMs"
     from jsonb_to_recordset($2) as d (id text, namespace text, route text, caller text, mode text, outcome text, chosen text, skill text, reason text, confidence float8, "taskHash" text, "taskText" text, embedding text, "contextHash" text, "traceId" text, candidates jsonb, revision int, "durationMs" float8)
     on conflict (id) do nothing`,
    [mesh, JSON.stringify(values)],
  )
}

/** The first agent of a conversation stays, also when two control processes hear of it at once. */
async function writeConversations(db: Db, mesh: string, kept: readonly { route: string; contextHash: string; agent: string }[]): Promise<void> {
  await db.pool.query(
    `insert into semantic_conversation (mesh, route, context_hash, agent) select $1, route, "contextHash", agent from jsonb_to_recordset($2) as c (route text, "contextHash" text, agent text)
     on conflict (mesh, route, context_hash) do update set agent = excluded.agent, last_used = now()`,
    [mesh, JSON.stringify(kept)],
  )
}

async function sweep(db: Db, mesh: string): Promise<void> {
  await db.pool.query(`delete from semantic_decision where mesh = $1 and at < now() - make_interval(days => $2)`, [mesh, KEPT_DAYS])
  await db.pool.query(`delete from semantic_conversation where mesh = $1 and last_used < now() - make_interval(days => $2)`, [mesh, KEPT_DAYS])
}
