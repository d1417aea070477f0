// The same choice as for a call, for a person who tries a task and for a labelled set: without a caller, and with nothing under way.
import { setImmediate } from 'node:timers/promises'
import { AgentRoute, type AgentRouteSpec } from '../contracts/agent-route.ts'
import { MeshError } from '../contracts/errors.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import type { EvaluateAnswer, Evaluation, LabelledTask, TryAnswer } from '../contracts/semantic.ts'
import { chooseFor, scoreFor, SkillMemory, type RoutePlan } from './choose.ts'
import { compareJudged } from './compare.ts'
import { chooseAgent } from './decide.ts'
import type { Embedder } from './embedder.ts'
import type { Vector } from './model.ts'
import { evaluate, type Judged } from './evaluate.ts'
import { NOTHING_LATELY } from './measures.ts'
import { readTask } from './task-text.ts'

export interface RouteChoice {
  namespace: string
  route: string
  /** Instead of the stored one. */
  spec?: AgentRouteSpec | undefined
}

/** Throws `not_found` for a name without a route, when no spec is given. */
export function findRoute(state: MeshState, { namespace, route, spec }: RouteChoice): AgentRoute {
  if (spec) return AgentRoute.parse({ apiVersion: HEDDLE_API, kind: 'AgentRoute', metadata: { namespace, name: route }, spec })
  const found = state.agentRoutes.find((one) => one.metadata.namespace === namespace && one.metadata.name === route)
  if (!found) throw new MeshError('not_found', `there is no AgentRoute ${namespace}/${route}`)
  return found
}

/** A task as typed, or a request body pasted whole. */
export async function tryTask(state: MeshState, route: AgentRoute, task: string, embedder: Embedder): Promise<TryAnswer> {
  const began = performance.now()
  const body = task.trim()
  const read = readTask(Buffer.from(body), body.startsWith('{') ? 'application/json' : 'text/plain')
  const plan = await new SkillMemory(embedder).planRoute(state, route, route.metadata.namespace)
  if ('reason' in read) return answer(route, { outcome: 'fallback', agent: null, skill: null, confidence: null, reason: read.reason, candidates: [] }, performance.now() - began)
  const [vector] = await embedder.embed([read.text])
  return tryVector(state, route, plan, vector ?? new Float32Array(), performance.now() - began)
}

/** A decision of before against the mesh of today. */
export async function replayVector(state: MeshState, route: AgentRoute, vector: Vector, embedder: Embedder): Promise<TryAnswer> {
  return tryVector(state, route, await new SkillMemory(embedder).planRoute(state, route, route.metadata.namespace), vector, 0)
}

function tryVector(state: MeshState, route: AgentRoute, plan: RoutePlan, vector: Vector, tookMs: number): TryAnswer {
  return answer(route, chooseFor(plan, state, vector, null, NOTHING_LATELY), tookMs)
}

function answer(route: AgentRoute, choice: ReturnType<typeof chooseFor>, durationMs: number): TryAnswer {
  const { namespace, name } = route.metadata
  const { fallback, semantic } = route.spec
  const mode = semantic?.mode ?? 'off'
  const at = `agentroute/${namespace}/${name}`
  return {
    outcome: choice.outcome,
    chosen: choice.agent,
    skill: choice.skill,
    reason: choice.reason,
    confidence: choice.confidence,
    fallback: fallback ? `${fallback.namespace ?? namespace}/${fallback.name}` : null,
    mode,
    envoyRoute: mode === 'off' ? at : mode === 'shadow' ? `${at}/shadow` : choice.agent === null ? `${at}/fallback` : `${at}/to/${choice.agent}`,
    candidates: choice.candidates,
    durationMs,
  }
}

/** How well one configuration chooses. */
export async function evaluateTasks(state: MeshState, route: AgentRoute, tasks: readonly LabelledTask[], embedder: Embedder): Promise<Evaluation> {
  return evaluate(await judgeTasks(state, route, tasks, embedder))
}

/** The same tasks by two configurations of one route. */
export async function evaluateAgainst(state: MeshState, route: AgentRoute, other: AgentRouteSpec | undefined, tasks: readonly LabelledTask[], embedder: Embedder): Promise<EvaluateAnswer> {
  const judged = await judgeTasks(state, route, tasks, embedder)
  const comparison = other ? compareJudged(judged, await judgeTasks(state, { ...route, spec: other }, tasks, embedder)) : null
  return { ...evaluate(judged), comparison }
}

/** Agents that are down count as if they were up: what is judged is the choice. */
async function judgeTasks(state: MeshState, route: AgentRoute, tasks: readonly LabelledTask[], embedder: Embedder): Promise<Judged[]> {
  const plan = asIfUp(await new SkillMemory(embedder).planRoute(state, route, route.metadata.namespace))
  const open = { ...plan.rule, floor: -1, margin: 0 }
  const up: MeshState = { ...state, instances: state.instances.map(({ health: _health, ...instance }) => instance) }
  const judged: Judged[] = []
  // The first are timed one by one, as calls come; the rest goes through the model before.
  const timed = tasks.slice(0, TIMED_MAX).map(({ task }) => task)
  const rest = await embedder.embed(tasks.slice(TIMED_MAX).map(({ task }) => task))
  for (const [index, task] of tasks.entries()) {
    const began = performance.now()
    const vector = index < timed.length ? (await embedder.embed([task.task]))[0] : rest[index - timed.length]
    if (!vector) throw new MeshError('internal', 'the model gave no vector')
    const scored = scoreFor(plan, up, vector, null, NOTHING_LATELY)
    const choice = chooseAgent(scored, plan.rule)
    const durationMs = index < timed.length ? performance.now() - began : null
    const nearest = chooseAgent(scored, open).agent
    const agent = task.agent === null || task.agent.includes('/') ? task.agent : `${route.metadata.namespace}/${task.agent}`
    judged.push({ task: { ...task, agent }, chosen: choice.agent, nearest, confidence: choice.confidence, durationMs })
    await setImmediate() // thousands of tasks must not hold up who else asks
  }
  return judged
}

const TIMED_MAX = 100

const SOMEWHERE = { id: 'evaluation', address: '192.0.2.1', port: 1, zone: '', labels: {}, weight: 1, tls: true, source: 'sidecar' as const }

function asIfUp(plan: RoutePlan): RoutePlan {
  const candidates = plan.candidates.map((candidate) => {
    if (candidate.versions.some(({ instances }) => instances.length > 0)) return candidate
    const { namespace, name } = candidate.agent.metadata
    const version = { namespace, agent: name, version: 'v1' }
    return { ...candidate, versions: [{ ...version, instances: [{ ...SOMEWHERE, ...version }] }] }
  })
  return { ...plan, candidates }
}
