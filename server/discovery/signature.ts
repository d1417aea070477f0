// Whether a card is signed by a key of the place it comes from. A signature proves nothing by itself: anybody can sign with a key of his
// own, so a key counts only when its `jku` is of the card's own origin. https://a2a-protocol.org/latest/specification/#84-agent-card-signing
import { verifyAgentCardSignature } from '@a2a-js/sdk'
import { z } from 'zod'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { fetchOutside, parseUrl, type Outside } from '../fetch/fetch.ts'
import { parseJson } from '../fetch/json.ts'

export interface CardSignature {
  state: 'none' | 'verified' | 'unverified'
  /** Why it is not verified, or whose key it is. */
  reason: string
}

const SIGNATURES_MAX = 8
const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string().optional(), kty: z.enum(['EC', 'RSA', 'OKP']) })).max(64) })

/** `origin` is where the card was read. */
export async function checkSignature(outside: Outside, document: unknown, origin: string): Promise<CardSignature> {
  const signatures = signaturesOf(document)
  if (signatures.length === 0) return { state: 'none', reason: '' }
  if (signatures.length > SIGNATURES_MAX) return { state: 'unverified', reason: `the card has more than ${SIGNATURES_MAX} signatures` }
  let why = 'no signature fits the card'
  const verify = verifyAgentCardSignature(async (kid, jku) => {
    try {
      return await readKey(outside, kid, jku, origin)
    } catch (error) {
      why = messageOf(error)
      throw error
    }
  })
  try {
    // The SDK takes the card as its own type and normalises whatever it is given.
    await verify(structuredClone(document) as Parameters<typeof verify>[0])
    return { state: 'verified', reason: `signed by a key of ${origin}` }
  } catch {
    return { state: 'unverified', reason: why.slice(0, 512) }
  }
}

/** Of a card that a sidecar read beside the agent: nothing ties a key to it. */
export function signatureBeside(document: unknown): CardSignature {
  return signaturesOf(document).length === 0 ? { state: 'none', reason: '' } : { state: 'unverified', reason: 'read beside the agent; give the agent a discovery URL to verify it' }
}

function signaturesOf(document: unknown): unknown[] {
  const signatures = typeof document === 'object' && document !== null && 'signatures' in document ? document.signatures : undefined
  return Array.isArray(signatures) ? signatures : []
}

async function readKey(outside: Outside, kid: string, jku: string | undefined, origin: string) {
  if (jku === undefined) throw new MeshError('invalid', 'the signature does not say where its key is (jku)')
  if (parseUrl(jku).origin !== origin) throw new MeshError('forbidden', `the key is of ${parseUrl(jku).origin}, the card of ${origin}`)
  const { status, body } = await fetchOutside(outside, jku, { bytesMax: 65_536 })
  if (status !== 200) throw new MeshError('unavailable', `the keys at ${jku} answer ${status}`)
  const set = KeySet.safeParse(parseJson(body.toString('utf8')))
  const key = set.data?.keys.find((one) => one.kid === kid)
  if (!key) throw new MeshError('not_found', `there is no key “${kid.slice(0, 64)}” at ${jku}`)
  return key
}
