// A task, a route and a state of the mesh → a choice. What control does for a call, the playground for a person and the evaluation for a set.
import { createHash } from 'node:crypto'
import type { AgentRoute, SemanticRule } from '../contracts/agent-route.ts'
import { SemanticRule as RuleSchema } from '../contracts/agent-route.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { agentKey, findCandidates, type Candidate } from '../mesh/capability.ts'
import { chooseAgent, type Choice, type Scored } from './decide.ts'
import type { Embedder } from './embedder.ts'
import type { Vector } from './model.ts'
import { measureCandidates, type Lately } from './measures.ts'
import { bestSkills, embedSkills, type Skill } from './skills.ts'

/** What stays the same from task to task: candidates once a state of the mesh, their embedded skills for as long as none of them changes. */
export class SkillMemory {
  readonly #embedder: Embedder
  readonly #known = new Map<string, Promise<Skill[]>>()
  readonly #plans = new WeakMap<MeshState, WeakMap<AgentRoute, Map<string, Promise<RoutePlan>>>>()

  constructor(embedder: Embedder) {
    this.#embedder = embedder
  }

  /** `namespace` is the caller's. Calls that come while skills are embedded wait for the same work. */
  planRoute(state: MeshState, route: AgentRoute, namespace: string): Promise<RoutePlan> {
    const ofState = this.#plans.get(state) ?? new WeakMap<AgentRoute, Map<string, Promise<RoutePlan>>>()
    const plans = ofState.get(route) ?? new Map<string, Promise<RoutePlan>>()
    let plan = plans.get(namespace)
    if (!plan) {
      const candidates = findCandidates(state, route, namespace)
      plan = this.#skillsOf(candidates).then((skills) => ({ rule: route.spec.semantic ?? RuleSchema.parse({}), candidates, skills }))
      plan.catch(() => plans.delete(namespace)) // the next call tries again
      this.#plans.set(state, ofState.set(route, plans.set(namespace, plan)))
    }
    return plan
  }

  #skillsOf(candidates: readonly Candidate[]): Promise<Skill[]> {
    const key = createHash('sha256').update(JSON.stringify(candidates.map(({ agent, capabilities }) => [agentKey(agent), capabilities]))).digest('base64')
    let found = this.#known.get(key)
    if (!found) {
      found = embedSkills(this.#embedder, candidates)
      found.catch(() => this.#known.delete(key))
      this.#known.set(key, found)
      if (this.#known.size > SETS_MAX) this.#known.delete(this.#known.keys().next().value ?? '')
    }
    return found
  }
}

const SETS_MAX = 64

export interface Caller {
  namespace: string
  agent: string
}

export interface RoutePlan {
  rule: SemanticRule
  candidates: Candidate[]
  skills: Skill[]
}

export function chooseFor(plan: RoutePlan, state: MeshState, task: Vector, caller: Caller | null, lately: Lately): Choice {
  return chooseAgent(scoreFor(plan, state, task, caller, lately), plan.rule)
}

/** What is known of each candidate for this task; the rule is not asked yet. */
export function scoreFor(plan: RoutePlan, state: MeshState, task: Vector, caller: Caller | null, lately: Lately): Scored[] {
  const best = bestSkills(task, plan.skills)
  const measures = measureCandidates(state, plan.candidates, caller, lately)
  return plan.candidates.flatMap(({ agent }) => {
    const key = agentKey(agent)
    const measured = measures.get(key)
    const skill = best.get(key)
    return measured ? [{ agent: key, skill: skill?.skill ?? null, similarity: skill?.similarity ?? null, measures: measured }] : []
  })
}
