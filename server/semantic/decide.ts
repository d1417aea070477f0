// Who should answer a task. Pure: the same task, candidates and measures give the same choice.
import type { SemanticRule } from '../contracts/agent-route.ts'
import type { CandidateRow } from '../contracts/semantic.ts'
import { compareText } from '../mesh/precedence.ts'

/** What is known of an agent besides its skills, each 0 (worst) to 1 (best) but for `usable`. */
export interface AgentMeasures {
  /** Some instance takes calls. */
  usable: boolean
  /** The caller may call it at all. */
  allowed: boolean
  health: number
  /** Free places: 1 is idle. */
  load: number
  latency: number
  price: number
}

export interface Scored {
  agent: string
  skill: string | null
  /** Null: it says nothing that could be compared. */
  similarity: number | null
  measures: AgentMeasures
}

export interface Choice {
  outcome: 'chosen' | 'fallback'
  agent: string | null
  skill: string | null
  /** Similarity of the best candidate; null when there is none. */
  confidence: number | null
  reason: string
  candidates: CandidateRow[]
}

/** Similarities nearer than this are the same: the last digits of a sum must not choose. */
const SAME = 1e-6

export function chooseAgent(scored: readonly Scored[], rule: Pick<SemanticRule, 'floor' | 'margin' | 'weights'>): Choice {
  const rows = scored.map((one) => toRow(one, rule)).sort((a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity) || compareText(a.agent, b.agent))
  const able = rows.filter((row) => row.why === null)
  const bySimilarity = able.toSorted((a, b) => (b.similarity ?? 0) - (a.similarity ?? 0))
  const [nearest, second] = bySimilarity
  const confidence = nearest?.similarity ?? bestOf(rows)
  const fall = (reason: string): Choice => ({ outcome: 'fallback', agent: null, skill: null, confidence, reason, candidates: rows.map((row) => ({ ...row, why: row.why ?? reason })) })
  if (rows.length === 0) return fall('no agent fits the route')
  if (!nearest) return fall(rows.every((row) => row.why === rows[0]?.why) ? `no candidate: ${rows[0]?.why}` : 'no candidate is like enough, up and allowed')
  const ahead = (nearest.similarity ?? 0) - (second?.similarity ?? -1)
  if (second && ahead < rule.margin) return fall(`too close to call: ${nearest.agent} is ${ahead.toFixed(3)} ahead of ${second.agent}, the margin is ${rule.margin}`)
  const top = able[0] ?? nearest
  // Among equals the first by name.
  const winner = able.filter((row) => (top.score ?? 0) - (row.score ?? 0) < SAME).toSorted((a, b) => compareText(a.agent, b.agent))[0] ?? top
  const candidates = rows.map((row) => (row === winner ? row : { ...row, why: row.why ?? `scores ${(row.score ?? 0).toFixed(3)}, ${winner.agent} ${(winner.score ?? 0).toFixed(3)}` }))
  return { outcome: 'chosen', agent: winner.agent, skill: winner.skill, confidence, reason: `${winner.agent} is nearest by “${winner.skill ?? ''}” (${(winner.similarity ?? 0).toFixed(3)})`, candidates }
}

function bestOf(rows: readonly CandidateRow[]): number | null {
  const known = rows.flatMap((row) => (row.similarity === null ? [] : [row.similarity]))
  return known.length > 0 ? Math.max(...known) : null
}

function toRow({ agent, skill, similarity, measures }: Scored, { floor, weights }: Pick<SemanticRule, 'floor' | 'weights'>): CandidateRow {
  const { health, load, latency, price } = measures
  const score = similarity === null ? null : weights.similarity * similarity + weights.health * health + weights.load * load + weights.latency * latency + weights.price * price
  const why = !measures.allowed ? 'the caller may not call it' : !measures.usable ? 'no instance is up' : similarity === null ? 'says nothing of what it can do' : similarity < floor ? `below the floor of ${floor}` : null
  return { agent, skill, similarity, score, health, load, latency, price, why }
}
