import { X509Certificate } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'
import { makeIssuing, makeKeys, makeRoot, signSvid, type Signer } from './certificate.ts'
import { readPeer } from './peers.ts'

const TRUST_DOMAIN = 'weave.test'
const AGENT = `spiffe://${TRUST_DOMAIN}/ns/default/agent/loom`
const HOUR = 3_600_000

afterEach(() => void vi.useRealTimers())

async function leafOf(issuer: Signer, spiffeId = AGENT): Promise<X509Certificate> {
  const { publicKey } = await makeKeys()
  return new X509Certificate((await signSvid(issuer, { spiffeId, proxy: 'loom-1', publicKey, ttlMs: HOUR })).toString('pem'))
}

test('a certificate is of an agent of this mesh, of an issuer that it trusts, and in its time; or it is nobody', async () => {
  const root = await makeRoot(TRUST_DOMAIN)
  const [ours, theirs] = [await makeIssuing(root, TRUST_DOMAIN), await makeIssuing(await makeRoot(TRUST_DOMAIN), TRUST_DOMAIN)]
  const authority = { trustDomain: TRUST_DOMAIN, trust: { accepted: [{ id: 'ca', certificate: new X509Certificate(ours.pem) }] } } as unknown as Parameters<typeof readPeer>[1]
  expect(readPeer(await leafOf(ours), authority)).toMatchObject({ spiffeId: AGENT, namespace: 'default', agent: 'loom', proxyId: 'loom-1', issuerId: 'ca' })
  const now = Date.now()
  const refused: [X509Certificate, number, string][] = [
    [await leafOf(theirs), now, 'not of an issuer'],
    [await leafOf(ours), now + 2 * HOUR, 'expired at'],
    [await leafOf(ours), now - 2 * HOUR, 'compare the clocks'],
    [await leafOf(ours, 'spiffe://else.test/ns/default/agent/loom'), now, 'names no agent'],
    [await leafOf(ours, `spiffe://${TRUST_DOMAIN}/heddle/control`), now, 'names no agent'],
  ]
  for (const [leaf, at, words] of refused) {
    vi.useFakeTimers({ toFake: ['Date'], now: at })
    expect(() => readPeer(leaf, authority), words).toThrow(words)
  }
})
