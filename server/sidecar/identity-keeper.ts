// This sidecar's identity: enrolled once, renewed between 50 and 60 % of its life, never given up for a worse one.
import { messageOf, MeshError } from '../contracts/errors.ts'
import { EnrolResponse, RenewResponse } from '../contracts/sidecar.ts'
import { openControlLink, type ControlLink } from './control-link.ts'
import { HeldIdentity, readKept, writeKept } from './directory.ts'
import { findPinnedRoot } from './first-contact.ts'
import { makeKeyAndCsr } from './keys.ts'

const RETRY_MS = { first: 1000, last: 60_000 }
const TIMER_MS_MAX = 2 ** 31 - 1

export interface EnrolOptions {
  controls: readonly string[]
  token: string
  proxyId: string
  version: string
}

/** Makes key and request, and gets the first identity for a join token. The key never leaves this host. */
export async function enrol(options: EnrolOptions): Promise<{ identity: HeldIdentity; response: EnrolResponse; localAddress: string }> {
  const { keyPem, csrPem } = await makeKeyAndCsr()
  let failure: unknown
  for (const control of options.controls) {
    try {
      const { rootPem, localAddress } = await findPinnedRoot(control, options.token)
      const link = openControlLink({ bundlePem: rootPem, trustDomain: null, certificate: null }, () => [control])
      try {
        const { token, proxyId, version } = options
        const ask = () => link.call('enrol', { token, csrPem, proxyId, version }, EnrolResponse)
        const response = await ask().catch((error: unknown) => (isRefusal(error) ? Promise.reject(error) : ask())) // the answer may have been lost: it is given to this key again
        return { identity: { ...response.identity, keyPem, heldSince: Date.now() }, response, localAddress }
      } finally {
        link.close()
      }
    } catch (error) {
      if (isRefusal(error)) throw error
      failure = error
    }
  }
  throw new MeshError('unavailable', `no control answers at ${options.controls.join(', ')}: ${messageOf(failure)}`, { cause: failure })
}

function isRefusal(error: unknown): boolean {
  return error instanceof MeshError && error.code !== 'unavailable'
}

export interface IdentityKeeper extends Disposable {
  readonly held: HeldIdentity
  /** Mutual TLS with what is held now; replaced at each change. */
  readonly link: ControlLink
  /** True when less than a third of life is left: renewals have been failing for long. */
  readonly late: boolean
  /** What the last renewal failed of; null after one that worked. */
  readonly failure: string | null
  /** Control said that the issuer is being retired. */
  renewNow(): void
  /** Roots as a heartbeat brought them. */
  setBundle(bundlePem: string): void
}

export interface KeeperOptions {
  identity: HeldIdentity
  path: string
  controls: () => readonly string[]
  /** For an identity that ran out, after a long sleep of the machine: where a new token is to be had without hands. Not for one that was revoked. */
  enrolAgain?: () => Promise<HeldIdentity>
  /** After each renewal and each change of the bundle, when the new one is on disk. */
  onChange: (held: HeldIdentity, what: 'certificate' | 'bundle') => void
}

export function keepIdentity(options: KeeperOptions): IdentityKeeper {
  const { path, controls, onChange } = options
  let held = options.identity
  let link = linkOf(held, controls)
  let failure: string | null = null
  let retryMs = RETRY_MS.first
  let renewing: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let revoked = false

  const take = (next: HeldIdentity, what: 'certificate' | 'bundle') => {
    writeKept(path, next)
    held = next
    const before = link
    link = linkOf(held, controls)
    before.close()
    onChange(held, what)
  }
  const schedule = (ms: number) => {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(renew, Math.min(ms, TIMER_MS_MAX))
  }
  const renewOnce = async () => {
    const next = isExpired(held) && options.enrolAgain && !revoked ? await options.enrolAgain() : await askRenewal(link).catch(noteRevoked)
    refuseWorse(next, held)
    if (!stopped) take(next, 'certificate')
  }
  const noteRevoked = (error: unknown): never => {
    revoked ||= error instanceof MeshError && error.code === 'forbidden'
    throw error
  }
  const renew = () => {
    renewing ??= renewOnce()
      .then(
        () => {
          failure = null
          retryMs = RETRY_MS.first
          schedule(renewalDelayMs(held))
        },
        (error: unknown) => {
          failure = messageOf(error)
          schedule(retryMs * (0.5 + Math.random() / 2))
          retryMs = Math.min(retryMs * 2, RETRY_MS.last, Math.max(lifeMs(held) / 20, RETRY_MS.first))
        },
      )
      .finally(() => (renewing = null))
  }
  schedule(renewalDelayMs(held))

  return {
    get held() {
      return held
    },
    get link() {
      return link
    },
    get late() {
      return (Date.parse(held.notAfter) - Date.now()) / lifeMs(held) < 1 / 3
    },
    get failure() {
      return failure
    },
    renewNow: renew,
    setBundle(bundlePem) {
      if (bundlePem !== held.bundlePem && bundlePem !== '') take({ ...held, bundlePem }, 'bundle')
    },
    [Symbol.dispose]() {
      stopped = true
      clearTimeout(timer)
      link.close()
    },
  }
}

/** The identity on disk, as long as it is valid and of this proxy. */
export function readHeldIdentity(path: string): HeldIdentity | null {
  const held = readKept(path, HeldIdentity)
  return held && !isExpired(held) ? held : null
}

async function askRenewal(link: ControlLink): Promise<HeldIdentity> {
  const { keyPem, csrPem } = await makeKeyAndCsr()
  const { identity } = await link.call('renew', { csrPem }, RenewResponse)
  return { ...identity, keyPem, heldSince: Date.now() }
}

function isExpired(held: HeldIdentity): boolean {
  return Date.parse(held.notAfter) <= Date.now()
}

/** A random moment between 50 and 60 % of life, so that a fleet that started together does not renew together; never at once, however short the life. */
export function renewalDelayMs(identity: Life, now = Date.now()): number {
  const at = identity.heldSince + lifeMs(identity) * (0.5 + Math.random() * 0.1)
  return Math.max(at - now, RETRY_MS.first)
}

type Life = Pick<HeldIdentity, 'heldSince' | 'notAfter'>

function lifeMs({ heldSince, notAfter }: Life): number {
  return Math.max(Date.parse(notAfter) - heldSince, 0)
}

/** What is held is valid; it is replaced only by something that is too, and of the same name. */
function refuseWorse(next: HeldIdentity, held: HeldIdentity): void {
  if (next.spiffeId !== held.spiffeId) throw new MeshError('forbidden', `control answered with the identity ${next.spiffeId}; this is ${held.spiffeId}`)
  if (isExpired(next)) throw new MeshError('invalid', 'control answered with a certificate that has expired')
}

function linkOf(held: HeldIdentity, controls: () => readonly string[]): ControlLink {
  return openControlLink({ bundlePem: held.bundlePem, trustDomain: held.trustDomain, certificate: held }, controls)
}
