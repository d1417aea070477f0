// One call's decision: the task is read, a conversation stays where it is, else the content decides; and what was decided is kept.
import { randomBytes } from 'node:crypto'
import type { AgentRoute } from '../contracts/agent-route.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import { agentKey, shareOfVersions } from '../mesh/capability.ts'
import { chooseFor, SkillMemory, type Caller, type RoutePlan } from './choose.ts'
import type { Choice } from './decide.ts'
import type { Embedder } from './embedder.ts'
import type { Vector } from './model.ts'
import { LATELY_MS, readLatencies, type Lately } from './measures.ts'
import { hashText, type DecisionRow, type Recorder } from './recorder.ts'
import { readTask } from './task-text.ts'

export interface Routed {
  id: string
  /** `namespace/agent` that the call is sent to; null is the fallback, or a route in shadow. */
  to: string | null
}

export interface RoutedCall {
  caller: Caller
  route: AgentRoute
  body: Buffer
  contentType: string
  /** Why the body was not read; null when it is here, whole. */
  unread: string | null
  traceId: string | null
}

export interface RouterOptions {
  db: Db
  mesh: string
  embedder: Embedder
  recorder: Recorder
  /** Null until it was read. */
  state: () => MeshState | null
  onError(error: Error): void
}

const LATENCIES_EVERY_MS = 10_000
/** A sentence takes the model about 10 ms, and a call waits 250: whoever came behind more than these would be decided for when nobody listens. */
const READING_MAX = 16

export interface Router extends Disposable {
  /** Throws when nothing is known of the mesh yet, or the model fails. */
  route(call: RoutedCall): Promise<Routed>
  /** Embeds the skills of every route that decides by content, where they changed. */
  warm(): Promise<void>
}

export function startRouter(options: RouterOptions): Router {
  const { db, mesh, embedder, recorder } = options
  const memory = new SkillMemory(embedder)
  const sent = new Map<string, number[]>()
  let reading = 0
  let warmed: MeshState | null = null
  let latencyMs = new Map<string, number>()
  const readAgain = () => readLatencies(db, mesh).then((read) => void (latencyMs = read), () => {}) // without it latency says nothing
  void readAgain()
  const timer = setInterval(() => void readAgain(), LATENCIES_EVERY_MS).unref()
  const lately = (): Lately => ({ latencyMs, tasks: new Map([...sent].map(([agent, times]) => [agent, recentOf(times).length])) })

  const decide = async (call: RoutedCall, state: MeshState): Promise<{ choice: Choice; outcome: DecisionRow['outcome']; task: { text: string; contextId: string | null } | null; vector: Vector | null }> => {
    const task = call.unread === null ? readTask(call.body, call.contentType) : { reason: call.unread }
    if ('reason' in task) return { choice: nobody(task.reason), outcome: 'fallback', task: null, vector: null }
    const plan = await memory.planRoute(state, call.route, call.caller.namespace)
    const before = task.contextId !== null && plan.rule.stickiness === 'conversation' ? recorder.agentOf(routeKey(call.route), hashText(task.contextId)) : null
    const stay = (agent: string | null) => (agent !== null && canTake(plan, agent) ? ({ choice: { ...nobody(`the conversation is with ${agent}`), outcome: 'chosen', agent }, outcome: 'conversation', task, vector: null } as const) : null)
    const full = reading >= READING_MAX
    // What this process does not remember is asked of the store while the model reads.
    if (typeof before === 'string' || full) {
      const kept = stay(await before)
      if (kept) return kept
      if (full) return { choice: nobody('as many tasks are read as can be answered in time'), outcome: 'fallback', task, vector: null }
    }
    reading++
    const [[vector], agent] = await Promise.all([embedder.embed([task.text]).finally(() => reading--), before])
    const kept = stay(agent)
    if (kept) return kept
    if (!vector) return { choice: nobody('the task cannot be compared'), outcome: 'fallback', task, vector: null }
    const choice = chooseFor(plan, state, vector, call.caller, lately())
    return { choice, outcome: choice.outcome, task, vector }
  }

  return {
    async route(call) {
      const began = performance.now()
      const state = options.state()
      if (!state) throw new Error('the mesh was not read yet')
      const rule = call.route.spec.semantic
      const { choice, outcome, task, vector } = await decide(call, state)
      const contextHash = task?.contextId ? hashText(task.contextId) : null
      const mode = rule?.mode === 'shadow' ? 'shadow' : 'enforce'
      if (choice.agent !== null && mode === 'enforce') {
        sent.set(choice.agent, [...recentOf(sent.get(choice.agent) ?? []), Date.now()])
        if (contextHash !== null && rule?.stickiness === 'conversation' && outcome === 'chosen') recorder.keep(routeKey(call.route), contextHash, choice.agent)
      }
      const id = randomBytes(12).toString('hex')
      recorder.record({
        id, namespace: call.route.metadata.namespace, route: call.route.metadata.name, caller: spiffeIdOf(state.trustDomain, call.caller.namespace, call.caller.agent), mode, outcome,
        chosen: choice.agent, skill: choice.skill, reason: choice.reason, confidence: choice.confidence, candidates: choice.candidates, revision: state.revision,
        taskHash: hashText(task?.text ?? ''), taskText: rule?.storeText && task ? task.text : null, embedding: vector, contextHash, traceId: call.traceId, durationMs: performance.now() - began,
      })
      return { id, to: mode === 'enforce' ? choice.agent : null }
    },
    async warm() {
      const state = options.state()
      if (!state || state === warmed) return
      for (const route of state.agentRoutes.filter(({ spec }) => spec.semantic && spec.semantic.mode !== 'off')) {
        const namespaces = new Set(state.agents.map((agent) => agent.metadata.namespace))
        for (const namespace of namespaces) await memory.planRoute(state, route, namespace)
      }
      warmed = state
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** An agent that left the route, or that is down, gives its conversations away. */
function canTake({ candidates }: RoutePlan, agent: string): boolean {
  const candidate = candidates.find((one) => agentKey(one.agent) === agent)
  return candidate !== undefined && shareOfVersions(candidate).length > 0
}

function nobody(reason: string): Choice {
  return { outcome: 'fallback', agent: null, skill: null, confidence: null, reason, candidates: [] }
}

function recentOf(times: readonly number[]): number[] {
  const since = Date.now() - LATELY_MS
  return times.filter((time) => time > since)
}

const routeKey = ({ metadata }: AgentRoute) => `${metadata.namespace}/${metadata.name}`
