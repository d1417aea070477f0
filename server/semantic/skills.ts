// How like a task each skill of an agent is. A skill is several prototypes: what it says of itself and its examples.
import type { Capability } from '../contracts/agent.ts'
import type { Candidate } from '../mesh/capability.ts'
import { agentKey } from '../mesh/capability.ts'
import { cosine, type Embedder } from './embedder.ts'
import type { Vector } from './model.ts'

/** Further examples of a skill do not count: who writes more gets no more chances. */
export const EXAMPLES_MAX = 16
const PROTOTYPE_CHARS_MAX = 1000
/** Share of the centroid in a skill's likeness; the rest is its nearest prototype. Measured in docs/semantic-routing.md. */
const CENTROID_SHARE = 0.85

export interface Skill {
  agent: string
  skill: string
  prototypes: Vector[]
  /** Not a unit vector: the shorter, the less its prototypes agree. */
  centroid: Vector
}

/** Every skill of the candidates that says anything, in the order of the candidates. */
export async function embedSkills(embedder: Embedder, candidates: readonly Candidate[]): Promise<Skill[]> {
  const skills = candidates.flatMap(({ agent, capabilities }) => capabilities.map((capability) => ({ agent: agentKey(agent), skill: capability.id, texts: prototypeTexts(capability) }))).filter(({ texts }) => texts.length > 0)
  const vectors = await embedder.embed(skills.flatMap(({ texts }) => texts))
  let at = 0
  return skills.map(({ agent, skill, texts }) => {
    const prototypes = vectors.slice(at, (at += texts.length))
    return { agent, skill, prototypes, centroid: centroidOf(prototypes) }
  })
}

/** A name repeated a hundred times says no more than once; equal texts count once. */
export function prototypeTexts({ id, name, description, examples }: Capability): string[] {
  const about = [name || id.replace(/[-_]+/g, ' '), description].filter((text) => text !== '').join('. ')
  const texts = [about, ...examples.slice(0, EXAMPLES_MAX)].map((text) => text.replace(/\s+/g, ' ').trim().slice(0, PROTOTYPE_CHARS_MAX))
  return [...new Set(texts)].filter((text) => text !== '')
}

function centroidOf(prototypes: readonly Vector[]): Vector {
  const sum = new Float32Array(prototypes[0]?.length ?? 0)
  for (const prototype of prototypes) for (let d = 0; d < sum.length; d++) sum[d] = (sum[d] ?? 0) + (prototype[d] ?? 0)
  // Between the mean and its unit vector: prototypes that speak of different things have a short mean. A card that copies the examples of
  // others would otherwise stand in the middle of them; it costs honest skills two points on our set, and wins it nothing.
  return sum.map((value) => value / prototypes.length / Math.sqrt(Math.hypot(...sum) / prototypes.length || 1))
}

/** -1..1. A skill that speaks of everything has a centroid that is near to nothing, so its one near example does not carry it alone. */
export function likeness(task: Vector, skill: Skill): number {
  const nearest = skill.prototypes.reduce((most, prototype) => Math.max(most, cosine(task, prototype)), -1)
  return CENTROID_SHARE * cosine(task, skill.centroid) + (1 - CENTROID_SHARE) * nearest
}

/** Each agent's best skill. */
export function bestSkills(task: Vector, skills: readonly Skill[]): Map<string, { skill: string; similarity: number }> {
  const best = new Map<string, { skill: string; similarity: number }>()
  for (const skill of skills) {
    const similarity = likeness(task, skill)
    const known = best.get(skill.agent)
    if (!known || similarity > known.similarity) best.set(skill.agent, { skill: skill.skill, similarity })
  }
  return best
}
