// What this sidecar tells control every two seconds, and what it learns from the answer.
import { isDeepStrictEqual } from 'node:util'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { HEARTBEAT_MS, HeartbeatResponse, type HeartbeatRequest } from '../contracts/sidecar.ts'
import type { AnswerRequest, AskedQuestion } from '../contracts/proxy-question.ts'
import type { IdentityKeeper } from './identity-keeper.ts'
import type { Probing } from '../probes/schedule.ts'
import type { ObservedAgent } from './observe.ts'
import { mergeControls, type PreparedSidecar } from './prepare.ts'

type State = HeartbeatRequest['state']

export interface HeartbeatOptions {
  prepared: PreparedSidecar
  keeper: IdentityKeeper
  holds: () => HeartbeatRequest['holds']
  observed: ObservedAgent
  isReady: () => boolean
  probing: Probing
  /** Answers what people ask of this proxy; never throws. */
  answer: (asked: AskedQuestion) => Promise<AnswerRequest>
  onState: (state: State) => void
}

export interface Heartbeat {
  /** After the first attempt, answered or not. */
  first: Promise<void>
  untilReady: Promise<void>
  /** Soon, because something changed that others wait for. */
  beatNow(): void
  /** Takes the instance out of rotation; resolves when control was told, or cannot be. */
  drain(): Promise<void>
  /** Says goodbye and stops. */
  leave(): Promise<void>
}

export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { prepared, keeper, isReady, onState } = options
  const { log } = prepared.options
  const ready = Promise.withResolvers<void>()
  let phase: 'running' | 'draining' | 'left' = 'running'
  let beating: Promise<void> | null = null
  let again = false
  let timer: NodeJS.Timeout | undefined
  /** What the last heartbeat failed of, as it was said; null after one that was heard. */
  let lost: string | null = null

  const send = async () => {
    const state: State = phase === 'draining' ? 'draining' : isReady() ? 'ready' : 'starting'
    onState(state)
    const probeResults = options.probing.take()
    try {
      const answer = await keeper.link.call('heartbeat', { ...requestOf(options, state), ...(probeResults.length > 0 ? { probeResults } : {}) }, HeartbeatResponse)
      if (lost !== null) log('control answers again')
      lost = null
      learn(answer, keeper, prepared)
      options.probing.follow(answer.probes)
      for (const asked of answer.questions) void options.answer(asked).then((said) => keeper.link.call('answer', said, HeartbeatResponse.pick({}))).catch((error: unknown) => log(`cannot answer what was asked of this proxy: ${messageOf(error)}`))
    } catch (error) {
      options.probing.putBack(probeResults)
      const refused = error instanceof MeshError && error.code !== 'unavailable'
      const sentence = refused ? `control refuses this sidecar: ${error.message}` : `heartbeats fail; the mesh goes on without control: ${messageOf(error)}`
      if (lost !== sentence) log(sentence)
      lost = sentence
    }
    if (state === 'ready') ready.resolve()
  }

  const beat = (): Promise<void> => {
    clearTimeout(timer)
    beating ??= send().finally(() => {
      beating = null
      if (phase === 'left') return
      timer = setTimeout(() => void beat(), again ? 0 : HEARTBEAT_MS * (0.9 + Math.random() * 0.1))
      again = false
    })
    return beating
  }

  return {
    first: beat(),
    untilReady: ready.promise,
    beatNow() {
      if (beating) again = true
      else if (phase !== 'left') void beat()
    },
    async drain() {
      phase = 'draining'
      await beating
      await beat()
    },
    async leave() {
      phase = 'left'
      clearTimeout(timer)
      await beating
      await keeper.link.call('leave', {}, HeartbeatResponse.pick({})).catch((error: unknown) => log(`cannot say goodbye to control: ${messageOf(error)}`))
    },
  }
}

function requestOf({ prepared, keeper, holds, observed }: HeartbeatOptions, state: State): HeartbeatRequest {
  const { options, state: kept } = prepared
  return {
    version: options.version as HeartbeatRequest['version'], // parsed by the command line
    state,
    address: kept.address,
    inboundPort: kept.ports.inbound,
    outboundPort: kept.ports.outbound,
    ...(kept.ports.admin > 0 && { adminPort: kept.ports.admin }),
    agentTarget: options.target,
    transparent: options.transparent?.transparent ?? null,
    zone: options.zone,
    labels: {},
    weight: 1,
    envoyBuild: options.envoy.version,
    holds: holds(),
    card: observed.card,
    warnings: [...observed.warnings, ...identityWarnings(keeper)],
  }
}

function identityWarnings({ late, failure, held }: IdentityKeeper): string[] {
  return late ? [`the certificate runs out at ${held.notAfter} and cannot be renewed: ${failure ?? 'not tried yet'}`.slice(0, 512)] : []
}

function learn(answer: HeartbeatResponse, keeper: IdentityKeeper, { options, state, save }: PreparedSidecar): void {
  keeper.setBundle(answer.bundlePem)
  if (answer.renewNow) keeper.renewNow()
  const controls = mergeControls(options.controls, answer.controls)
  if (controls.join() !== state.controls.join()) save({ controls })
  if (answer.otlpGrpc && !isDeepStrictEqual(answer.otlpGrpc, state.otlpGrpc)) save({ otlpGrpc: answer.otlpGrpc })
}
