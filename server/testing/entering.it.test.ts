// Who gets in, who is put out, and what comes of it: both ends of `Enrol` and `Renew` over real TLS on a real store.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { HeartbeatResponse, RenewResponse } from '../contracts/sidecar.ts'
import { revokeCertificate } from '../identity/revoke.ts'
import { makeKeyAndCsr } from '../sidecar/keys.ts'
import type { HeldIdentity } from '../sidecar/directory.ts'
import { enrolAt, HEARTBEAT, linkAs, MESH, startEnrolment, tokenFor, type Enrolment } from './control.ts'

async function renewAs(identity: HeldIdentity, control: Enrolment): Promise<HeldIdentity> {
  const link = linkAs(identity, control)
  try {
    const { keyPem, csrPem } = await makeKeyAndCsr()
    return { ...(await link.call('renew', { csrPem }, RenewResponse)).identity, keyPem, heldSince: Date.now() }
  } finally {
    link.close()
  }
}

/** As the heartbeat of a sidecar leaves its proxy. */
async function heardOf({ db }: Enrolment, proxy: string): Promise<void> {
  await db.pool.query(`update proxy set endpoints = '{"address": "127.0.0.1"}', last_seen = now() where mesh = $1 and id = $2`, [MESH, proxy])
}

const isGood = async ({ db }: Enrolment, token: string) =>
  (await db.pool.query('select from telemetry_token where hash = $1 and revoked_at is null and expires_at > now()', [createHash('sha256').update(token).digest()])).rowCount === 1

test('a second machine cannot take the name of a sidecar that is there; when that one is gone it can', async () => {
  await using control = await startEnrolment()
  const first = await enrolAt(control, await tokenFor(control.db))
  await heardOf(control, 'loom-1')
  const token = await tokenFor(control.db)
  await expect(enrolAt(control, token)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('--name') })
  expect(await isGood(control, first.response.telemetryToken)).toBe(true)
  await control.db.pool.query(`update proxy set last_seen = now() - interval '7 seconds'`)
  await enrolAt(control, token) // the refusal left the token as it was
  expect(await isGood(control, first.response.telemetryToken)).toBe(false)
})

test('revoking a certificate puts its holder out with every other certificate of its, until a new join token', async () => {
  await using control = await startEnrolment()
  const { identity, response } = await enrolAt(control, await tokenFor(control.db))
  const second = await renewAs(identity, control)
  const third = await renewAs(second, control)
  await revokeCertificate(control.db, { mesh: MESH, serial: third.serial, reason: 'stolen', by: 'test' })
  for (const held of [identity, second, third]) await expect(renewAs(held, control)).rejects.toMatchObject({ code: 'forbidden' })
  expect(await isGood(control, response.telemetryToken)).toBe(false)
  const { rows } = await control.db.pool.query(`select detail->>'serials' as serials from audit where action = 'certificate.revoke'`)
  expect(rows).toEqual([{ serials: '3' }])
  const again = await enrolAt(control, await tokenFor(control.db))
  const link = linkAs(again.identity, control)
  await link.call('heartbeat', HEARTBEAT, HeartbeatResponse)
  link.close()
  await revokeCertificate(control.db, { mesh: MESH, serial: third.serial, reason: 'again', by: 'test' }) // revoked long ago: the new one stays
  await renewAs(again.identity, control)
})

test('a renewal that meets the revocation on its way does not slip through', async () => {
  await using control = await startEnrolment()
  const { identity } = await enrolAt(control, await tokenFor(control.db))
  for (let turn = 0; turn < 8; turn++) {
    const [renewed] = await Promise.allSettled([renewAs(identity, control), revokeCertificate(control.db, { mesh: MESH, serial: identity.serial, reason: 'stolen', by: 'test' })])
    const { rows } = await control.db.pool.query(`select serial from svid where proxy = 'loom-1' and revoked_at is null`)
    expect({ turn, renewed: renewed.status, left: rows }).toMatchObject({ left: [] })
    await control.db.pool.query(`update svid set revoked_at = null where serial = $1`, [identity.serial])
    await control.authority.reload()
  }
})

test('a join token is not used up by an entry that fails, nor by an answer that is lost', async () => {
  await using control = await startEnrolment()
  const token = await tokenFor(control.db)
  const { csrPem } = await makeKeyAndCsr()
  await control.db.pool.query('alter table svid rename to svid_away')
  await expect(enrolAt(control, token)).rejects.toMatchObject({ code: 'unavailable' })
  await control.db.pool.query('alter table svid_away rename to svid')
  const ask = async (csr: string, proxyId = 'loom-1') => {
    const link = linkAs(null, control)
    try {
      return await link.call('enrol', { token, csrPem: csr, proxyId, version: 'v1' }, RenewResponse)
    } finally {
      link.close()
    }
  }
  await ask(csrPem)
  await heardOf(control, 'loom-1')
  expect((await ask(csrPem)).identity.spiffeId).toBe('spiffe://weave.test/ns/default/agent/loom') // the same request again
  await expect(ask((await makeKeyAndCsr()).csrPem)).rejects.toThrow('used already')
  await expect(ask(csrPem, 'loom-2')).rejects.toThrow('used already')
  await control.db.pool.query(`update join_token set expires_at = now() - interval '1 second'`)
  await expect(ask(csrPem)).rejects.toThrow('used already')
})

test('a telemetry token ends with the certificates of its proxy, and each renewal moves the end', async () => {
  await using control = await startEnrolment({ svidTtlMs: 60_000 })
  const { identity, response } = await enrolAt(control, await tokenFor(control.db))
  const ends = async () => (await control.db.pool.query<{ at: Date }>('select expires_at as at from telemetry_token')).rows[0]?.at.toISOString()
  expect(await ends()).toBe(new Date(identity.notAfter).toISOString())
  await control.db.pool.query(`update telemetry_token set expires_at = now()`)
  const renewed = await renewAs(identity, control)
  expect(await ends()).toBe(new Date(renewed.notAfter).toISOString())
  expect(await isGood(control, response.telemetryToken)).toBe(true)
})

test('the name of a proxy goes to another agent only when no certificate of the one before is left', async () => {
  await using control = await startEnrolment()
  const { identity } = await enrolAt(control, await tokenFor(control.db))
  await control.db.pool.query('delete from proxy') // it left in order
  const other = await tokenFor(control.db, { agent: 'thief' })
  await expect(enrolAt(control, other)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('belongs to another agent') })
  await control.db.pool.query(`update svid set not_after = now() where serial = $1`, [identity.serial])
  expect((await enrolAt(control, other)).response.agent).toBe('thief')
})

test('strangers cannot fill the audit: each address has some lines a minute, under its own name, and then a count', async () => {
  await using control = await startEnrolment({ deniedWindowMs: 12_000 }) // all knock within it, on a busy machine too
  const link = linkAs(null, control)
  const { csrPem } = await makeKeyAndCsr()
  const knock = () => link.call('enrol', { token: `hdl_join_${'0'.repeat(16)}_${'0'.repeat(48)}_${'0'.repeat(64)}`, csrPem, proxyId: 'queen', version: 'v1' }, RenewResponse)
  for (const answer of await Promise.allSettled(Array.from({ length: 25 }, knock))) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'unauthenticated' } })
  link.close()
  const denied = async () => (await control.db.pool.query<{ actor: string; target: string; detail: { why: string } }>(`select actor, target, detail from audit where result = 'denied' order by seq`)).rows
  await expect.poll(denied, { timeout: 30_000 }).toHaveLength(11)
  const rows = await denied()
  expect(rows[0]).toMatchObject({ actor: 'somebody at 127.0.0.1', target: 'queen' })
  expect(rows.at(-1)?.detail.why).toContain('15 more')
})

test('an issuing certificate that ran out signs nothing', async () => {
  await using control = await startEnrolment()
  const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const { certificate } = control.authority.trust.issuer
  Object.defineProperty(certificate, 'notAfter', { value: new Date(Date.now() - 1000) })
  await expect(control.authority.issueForKey(publicKey, { spiffeId: 'spiffe://weave.test/ns/default/agent/loom', proxy: 'loom-1' })).rejects.toThrow('ran out')
})
