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
/** Below this the centroid of a skill is shortened: a card that copies the examples of others would otherwise stand in the middle of them. */
const AGREEMENT_MIN = 0.55

export interface Skill {
  agent: string
  skill: string
  prototypes: Vector[]
  /** A unit vector, or shorter where its prototypes hardly agree. */
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

/** The mean of unit vectors is as long as they agree: 0.64 at the median over honest skills of docs/semantic-routing.md, 0.48 and less for examples copied from two or more. */
function centroidOf(prototypes: readonly Vector[]): Vector {
  const mean = new Float32Array(prototypes[0]?.length ?? 0)
  for (const prototype of prototypes) for (let d = 0; d < mean.length; d++) mean[d] = (mean[d] ?? 0) + (prototype[d] ?? 0) / prototypes.length
  const agreement = Math.hypot(...mean)
  const trust = Math.min(1, agreement / AGREEMENT_MIN) ** 2
  return agreement === 0 ? mean : mean.map((value) => (value / agreement) * trust)
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
