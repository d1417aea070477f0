/** The four stages of a rotation in words, with how far each is. */
import type { Rotation } from '#server/contracts/security.ts'
import { formatLong } from '#components/ui/format.ts'

export const STAGES = ['trust', 'reissue', 'prove', 'retire'] as const

export interface Stage {
  title: string
  note: string
  text: string
  state: 'done' | 'now' | 'held' | 'waits'
  /** How far, 0 to 1. */
  share: number
}

/** Index of the stage that is under way; 4 when all are over. A rotation taken back stands where it was. */
export function stageOf(rotation: Rotation): number {
  if (rotation.step === 'done') return STAGES.length
  const step = rotation.step === 'cancelled' ? rotation.history.findLast((entry) => entry.step !== 'cancelled')?.step : rotation.step
  return Math.max(0, STAGES.indexOf(step as (typeof STAGES)[number])) // another step is none of the four: the first
}

export function describeStages(rotation: Rotation, now: number): Stage[] {
  const at = stageOf(rotation)
  const count = (is: (proxy: Rotation['proxies'][number]) => boolean) => rotation.proxies.filter(is).length
  const of = rotation.proxies.length
  const texts = [
    { title: 'Trust both', text: of === 0 ? 'Every proxy accepts the old and the new issuer.' : `${count((proxy) => proxy.trustsNew)} of ${of} proxies accept the old and the new issuer.`, share: shareOf(count((proxy) => proxy.trustsNew), of) },
    { title: 'Re-issue', text: of === 0 ? 'Agents get certificates from the new issuer.' : `${count((proxy) => proxy.holdsNew)} of ${of} have a certificate from the new issuer.`, share: shareOf(count((proxy) => proxy.holdsNew), of) },
    { title: 'Prove', text: `${rotation.proved} of ${rotation.of} proxies are seen with the new certificate.`, share: shareOf(rotation.proved, rotation.of) },
    { title: 'Retire the old', text: rotation.waitsFor.length > 0 ? 'Cannot be started while a proxy still needs it.' : 'Nobody accepts the old issuer any more.', share: shareOf(count((proxy) => !proxy.trustsOld), of) },
  ]
  return texts.map((text, index) => {
    const began = beganAt(rotation, index)
    const over = index < at
    const held = index === at && (rotation.state === 'paused' || rotation.state === 'cancelled' || rotation.waitsFor.length > 0)
    const since = began === null ? '' : formatLong(Math.max(0, (over ? (beganAt(rotation, index + 1) ?? now) : now) - began))
    const waiting = index === at && rotation.state === 'waiting' && rotation.waitsFor.length === 0
    const note = over ? (since ? `done in ${since}` : 'done') : index > at ? `waits for ${index}` : rotation.state === 'cancelled' ? 'taken back' : rotation.state === 'paused' ? 'paused' : waiting ? 'waits for you' : since ? `running for ${since}` : 'running'
    return { ...text, note, state: over ? 'done' : index > at ? 'waits' : held ? 'held' : 'now', share: over ? 1 : index > at ? 0 : text.share }
  })
}

/** Why the last step cannot be confirmed, or null. That all have proved is not enough: control takes that step first. */
export function whyNotRetire({ state, step, waitsFor, proved, of }: Rotation): string | null {
  if (step === 'cancelled') return 'The rotation is on its way back'
  if (waitsFor.length > 0) return `${waitsFor.slice(0, 3).join(', ')}${waitsFor.length > 3 ? ` and ${waitsFor.length - 3} more` : ''} still ${waitsFor.length === 1 ? 'needs' : 'need'} it`
  if (proved < of) return `Proved on ${proved} of ${of} so far`
  if (step !== 'retire') return 'The new certificates are not proved yet'
  return state === 'paused' ? 'The rotation is paused' : null
}

function shareOf(part: number, of: number): number {
  return of === 0 ? 0 : part / of
}

function beganAt(rotation: Rotation, stage: number): number | null {
  if (stage === 0) return Date.parse(rotation.startedAt)
  const step = stage < STAGES.length ? STAGES[stage] : 'done'
  const entry = rotation.history.find((each) => each.step === step)
  return entry ? Date.parse(entry.at) : null
}
