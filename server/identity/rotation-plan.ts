// What a rotation does next, decided from evidence alone: no clock, no store.
import type { z } from 'zod'
import type { Rotation, RotationStep } from '../contracts/security.ts'

export type Step = z.infer<typeof RotationStep>
export type Wish = 'pause' | 'resume' | 'cancel' | 'retire'

/** What is known of one proxy. `seen` is the issuer on its own connection to control, which nobody can only claim. */
export interface ProxyEvidence {
  proxy: string
  connected: boolean
  trusts: readonly string[]
  holds: string | null
  seen: string | null
  /** It could come back with a leaf of these issuers: issued to it, not run out, not revoked. */
  mayHold: readonly string[]
}

export interface RotationView {
  state: Rotation['state']
  step: Step
  /** Issuing certificates, and the roots above them. */
  from: string
  to: string
  fromRoot: string
  toRoot: string
}

export type Action = 'reissue' | 'prove' | 'await-retire' | 'retire' | 'pause' | 'resume' | 'cancel' | 'finish-cancel' | 'refuse-retire' | null

export interface Decision {
  action: Action
  waitsFor: string[]
  proxies: Rotation['proxies']
}

/** A step is done when every connected proxy shows it; dropping a root needs every proxy that may still come back. */
export function decideRotation(rotation: RotationView, evidence: readonly ProxyEvidence[], wish: Wish | null): Decision {
  const proxies = evidence.map((proxy) => describeProxy(rotation, proxy))
  const waitsFor = proxies.flatMap((proxy) => (proxy.blocked === null ? [] : [`${proxy.proxy}: ${proxy.blocked}`]))
  return { action: nextAction(rotation, waitsFor.length > 0, wish), waitsFor, proxies }
}

function nextAction({ state, step }: RotationView, waits: boolean, wish: Wish | null): Action {
  if (step === 'done') return null
  if (step === 'cancelled') return waits ? null : 'finish-cancel' // on the way back: nothing to pause or confirm
  if (wish === 'cancel') return 'cancel'
  if (wish === 'pause' && state !== 'paused') return 'pause'
  if (wish === 'resume' && state === 'paused') return 'resume'
  if (wish === 'retire' && step === 'retire' && state !== 'paused') return waits ? 'refuse-retire' : 'retire'
  if (state === 'paused' || waits) return null
  switch (step) {
    case 'trust':
      return 'reissue'
    case 'reissue':
      return 'prove'
    case 'prove':
      return 'await-retire'
    case 'retire':
      return null // a person confirms
  }
}

function describeProxy(rotation: RotationView, evidence: ProxyEvidence): Rotation['proxies'][number] {
  const { proxy, connected, trusts, holds } = evidence
  return {
    proxy,
    connected,
    trustsNew: trusts.includes(rotation.toRoot),
    holdsNew: holds === rotation.to,
    trustsOld: trusts.includes(rotation.fromRoot),
    blocked: reasonToWait(rotation, evidence),
  }
}

function reasonToWait({ step, to, toRoot }: RotationView, { connected, trusts, holds, seen, mayHold }: ProxyEvidence): string | null {
  switch (step) {
    case 'trust':
      return connected && !trusts.includes(toRoot) ? 'does not trust the new root yet' : null
    case 'reissue':
      return connected && holds !== to ? 'still holds a certificate of the old issuer' : null
    case 'prove':
      return connected && (holds !== to || seen !== to) ? 'has not yet shown the new certificate on its own connection' : null
    case 'retire':
      if (connected) return holds === to && seen === to ? null : 'has not shown the new certificate'
      return mayHold.length > 0 ? 'is silent and may come back with what it had; start it, or revoke its certificate' : null
    case 'cancelled':
      if (connected) return holds === to || seen === to ? 'still holds a certificate of the new issuer' : null
      return mayHold.includes(to) ? 'is silent and may come back with a certificate of the new issuer' : null
    case 'done':
      return null
  }
}
