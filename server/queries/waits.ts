// What waits for a person, or will stop working unless somebody acts. Pure: it is told what was read.
import type { Alert } from '#server/contracts/objective.ts'
import type { AgentSummary, Wait } from '#server/contracts/overview.ts'
import type { CertificateAuthority, Rotation, Svid } from '#server/contracts/security.ts'
import type { Proxy } from '#server/contracts/status.ts'
import type { z } from 'zod'

export interface WaitFacts {
  /** That run. */
  alerts: readonly Alert[]
  proxies: readonly z.infer<typeof Proxy>[]
  /** Newest revision that each proxy refused, and the one that it keeps. */
  refusals: readonly { proxy: string; revision: number; keeps: number | null; reason: string }[]
  rotations: readonly Rotation[]
  certificates: readonly Svid[]
  authorities: readonly CertificateAuthority[]
  agents: readonly AgentSummary[]
  /** Telemetry refused lately, by reason. */
  refusedTelemetry: Readonly<Record<string, number>>
}

/** An authority with less life than this waits for its successor. */
const AUTHORITY_LIFE_LATE = 0.1
const EACH_MAX = 4

export function listWaits(facts: WaitFacts): Wait[] {
  return [...alerts(facts), ...refusals(facts), ...certificates(facts), ...authorities(facts), ...rotations(facts), ...disconnected(facts), ...peers(facts), ...telemetry(facts)]
}

function alerts({ alerts: all }: WaitFacts): Wait[] {
  return limited(
    all
      .filter(({ silencedBy }) => silencedBy === null)
      .map(({ namespace, objective, speed, peak }) => ({
        kind: 'alert',
        state: speed === 'fast' ? 'bad' : 'warn',
        title: `${objective} spends its budget ${speed === 'fast' ? 'fast' : 'steadily'}`,
        detail: `Up to ${peak.toFixed(1)} times faster than it would last.`,
        subject: `${namespace}/${objective}`,
      })),
    (rest) => ({ kind: 'alert', state: 'bad', title: `${rest} more objectives spend their budgets`, detail: 'They are all on the page of objectives.', subject: '' }),
  )
}

function refusals({ refusals: all }: WaitFacts): Wait[] {
  return limited(
    all.map((refusal) => ({
      kind: 'refused',
      state: 'bad',
      title: `${refusal.proxy} refuses revision ${refusal.revision}`,
      detail: `${refusal.keeps === null ? 'It keeps what it had' : `It keeps serving revision ${refusal.keeps}`}. ${refusal.reason.slice(0, 160)}`,
      subject: String(refusal.revision),
    })),
    (rest) => ({ kind: 'refused', state: 'bad', title: `${rest} more proxies refuse`, detail: 'They keep what they had.', subject: '' }),
  )
}

function certificates({ certificates: all }: WaitFacts): Wait[] {
  const late = all.filter((svid) => svid.state === 'renewal_late' || svid.state === 'expired')
  return limited(
    late.map((svid) => ({
      kind: 'certificate',
      state: svid.state === 'expired' ? 'bad' : 'warn',
      title: svid.state === 'expired' ? `The certificate of ${svid.proxy} has run out` : `The certificate of ${svid.proxy} is not renewed`,
      detail: `${svid.state === 'expired' ? 'Now' : `With ${Math.round(svid.lifeLeft * 100)} % of its life left; when it ends,`} ${svid.consequence}.`,
      subject: svid.proxy,
    })),
    (rest) => ({ kind: 'certificate', state: 'warn', title: `${rest} more certificates are late`, detail: 'Their sidecars do not renew them.', subject: '' }),
  )
}

function authorities({ authorities: all }: WaitFacts): Wait[] {
  return all
    .filter((authority) => authority.state === 'active' && authority.lifeLeft < AUTHORITY_LIFE_LATE)
    .map((authority) => ({ kind: 'certificate', state: 'warn', title: `The ${authority.role} certificate ends on ${authority.notAfter.slice(0, 10)}`, detail: 'Rotate it before: afterwards no agent gets a new identity.', subject: authority.id }))
}

function rotations({ rotations: all }: WaitFacts): Wait[] {
  return all
    .filter((rotation) => rotation.state === 'waiting' || rotation.state === 'paused')
    .map((rotation) => ({
      kind: 'rotation',
      state: 'warn',
      title: rotation.state === 'paused' ? `The rotation is paused at “${rotation.step}”` : `The rotation waits at “${rotation.step}”`,
      detail: rotation.waitsFor[0] ?? `${rotation.proved} of ${rotation.of} proxies are proved.`,
      subject: rotation.id,
    }))
}

function disconnected({ proxies }: WaitFacts): Wait[] {
  const gone = proxies.filter((proxy) => proxy.state === 'disconnected')
  if (gone.length === 0) return []
  const names = gone.slice(0, EACH_MAX).map((proxy) => proxy.id).join(', ')
  return [{ kind: 'disconnected', state: 'warn', title: gone.length === 1 ? `${names} is not connected` : `${gone.length} proxies are not connected`, detail: gone.length === 1 ? 'It serves what it has, and misses every change.' : `They serve what they have: ${names}${gone.length > EACH_MAX ? ', …' : ''}.`, subject: gone[0]?.id ?? '' }]
}

function peers({ agents }: WaitFacts): Wait[] {
  return limited(
    agents
      .filter((agent) => agent.type === 'unknown')
      .map((agent) => ({ kind: 'unknown-peer', state: 'idle', title: `An unknown peer: ${agent.name}`, detail: 'It takes part in calls without an identity of this mesh.', subject: agent.id })),
    (rest) => ({ kind: 'unknown-peer', state: 'idle', title: `${rest} more unknown peers`, detail: 'They are listed with the agents.', subject: '' }),
  )
}

function telemetry({ refusedTelemetry }: WaitFacts): Wait[] {
  const reasons = Object.entries(refusedTelemetry).filter(([, count]) => count > 0).toSorted((a, b) => b[1] - a[1])
  if (reasons.length === 0) return []
  return [{ kind: 'telemetry', state: 'warn', title: 'Telemetry was refused in the last minutes', detail: reasons.slice(0, 3).map(([reason, count]) => `${count} × ${reason}`).join(', '), subject: '' }]
}

function limited(waits: Wait[], rest: (count: number) => Wait): Wait[] {
  return waits.length <= EACH_MAX ? waits : [...waits.slice(0, EACH_MAX - 1), rest(waits.length - EACH_MAX + 1)]
}
