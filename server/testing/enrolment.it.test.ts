// Both ends of enrolment, over real TLS: a sidecar's own code against control's, on a real store.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { HeartbeatResponse, RenewResponse } from '../contracts/sidecar.ts'
import { openAuthority } from '../identity/authority.ts'
import { revokeCertificate } from '../identity/revoke.ts'
import { createJoinToken } from '../identity/tokens.ts'
import { openControlLink } from '../sidecar/control-link.ts'
import { enrol, keepIdentity } from '../sidecar/identity-keeper.ts'
import { makeKeyAndCsr } from '../sidecar/keys.ts'
import { bindServer, enrolAt, HEARTBEAT, linkAs, MESH, startEnrolment, tokenFor } from './control.ts'
import { testDatabase } from './database.ts'
import { eventually } from './load.ts'
import { TEST_MESH, TEST_SECRET_KEY } from './sidecar-mesh.ts'

const { trustDomain } = TEST_MESH

test('a join token lets exactly one sidecar in, even when two come at once', async () => {
  await using control = await startEnrolment()
  const token = await tokenFor(control.db)
  const results = await Promise.allSettled([enrolAt(control, token, 'loom-1'), enrolAt(control, token, 'loom-2')])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  await expect(enrolAt(control, token, 'loom-3')).rejects.toThrow(/used already, by loom-[12]/)
  const { rows } = await control.db.pool.query<{ n: number }>(`select count(*)::int as n from svid where proxy like 'loom-%'`)
  expect(rows).toEqual([{ n: 1 }])
  const denied = await control.db.pool.query(`select 1 from audit where action = 'proxy.enrol' and result = 'denied'`)
  expect(denied.rowCount).toBe(2)
})

test('what was issued is the agent of the token, with a telemetry token that the store knows by its hash alone', async () => {
  await using control = await startEnrolment()
  const { identity, response } = await enrolAt(control, await tokenFor(control.db))
  expect(identity.spiffeId).toBe(`spiffe://${trustDomain}/ns/default/agent/loom`)
  expect(response).toMatchObject({ agent: 'loom', namespace: 'default', mesh: MESH })
  const audit = await control.db.pool.query(`select actor, target, result, detail from audit where action = 'proxy.enrol'`)
  expect(audit.rows).toMatchObject([{ actor: expect.stringMatching(/^join token /), target: 'loom-1', result: 'ok', detail: { spiffeId: identity.spiffeId, serial: identity.serial } }])
  const { rows } = await control.db.pool.query<{ text: string }>('select t::text as text from telemetry_token t')
  expect(rows).toHaveLength(1)
  expect(rows[0]?.text).not.toContain(response.telemetryToken)
})

test('an expired, unknown or foreign token is refused, and says why', async () => {
  await using control = await startEnrolment()
  await expect(enrolAt(control, await tokenFor(control.db, { lifeMs: -1000 }))).rejects.toThrow('has expired')
  const good = await tokenFor(control.db)
  const [, , id = '', secret = '', hash = ''] = good.split('_')
  await expect(enrolAt(control, `hdl_join_${id}_${'0'.repeat(48)}_${hash}`)).rejects.toThrow('not known to this mesh')
  await expect(enrolAt(control, `hdl_join_${id}_${secret}_${'0'.repeat(64)}`)).rejects.toThrow('another root certificate')
  await enrolAt(control, good) // none of it used the token up
})

test('what is no request, no token or no certificate of this mesh is refused with a sentence', async () => {
  await using control = await startEnrolment()
  await using empty = await testDatabase()
  const anybody = linkAs(null, control)
  const request = { csrPem: (await makeKeyAndCsr()).csrPem, proxyId: 'loom-1', version: 'v1' }
  await expect(anybody.call('enrol', { ...request, token: 'hdl_join_of_nobody' }, RenewResponse)).rejects.toThrow('this is not a join token')
  await expect(anybody.call('enrol', { ...request, surprise: true }, RenewResponse)).rejects.toThrow(/the request is not valid/)
  anybody.close()
  await expect(tokenFor(empty)).rejects.toThrow('the mesh has no root certificate yet')
  await expect(revokeCertificate(control.db, { mesh: MESH, serial: 'ff', reason: 'stolen', by: 'test' })).rejects.toThrow('no certificate of this mesh has the serial ff')
  await eventually('control has a certificate of its own', 5000, async () => (await control.db.pool.query(`select from svid where proxy = 'control'`)).rowCount)
  const own = (await control.db.pool.query<{ serial: string }>(`select serial from svid where proxy = 'control'`)).rows[0]?.serial ?? ''
  await expect(revokeCertificate(control.db, { mesh: MESH, serial: own, reason: 'stolen', by: 'test' })).rejects.toThrow('control’s own certificate')
})

test('a renewal has its line in the audit, with the certificate of before', async () => {
  await using control = await startEnrolment()
  const { identity } = await enrolAt(control, await tokenFor(control.db))
  const link = linkAs(identity, control)
  const renewed = await link.call('renew', { csrPem: (await makeKeyAndCsr()).csrPem }, RenewResponse)
  link.close()
  const { rows } = await control.db.pool.query(`select actor, target, result, detail from audit where action = 'certificate.renew'`)
  expect(rows).toMatchObject([{ actor: identity.spiffeId, target: 'loom-1', result: 'ok', detail: { before: identity.serial, serial: renewed.identity.serial } }])
})

test('a proxy id that belongs to another agent cannot be taken over', async () => {
  await using control = await startEnrolment()
  await enrolAt(control, await tokenFor(control.db))
  const thief = await createJoinToken(control.db.pool, { mesh: MESH, namespace: 'default', agent: 'thief', createdBy: 'test' })
  await expect(enrolAt(control, thief.token)).rejects.toThrow('belongs to another agent')
  await enrolAt(control, thief.token, 'thief-1') // the refusal rolled back: the token is still good
})

test('without a certificate only Enrol is open', async () => {
  await using control = await startEnrolment()
  const link = linkAs(null, control)
  await expect(link.call('heartbeat', HEARTBEAT, HeartbeatResponse)).rejects.toMatchObject({ code: 'unauthenticated' })
  await expect(link.call('renew', { csrPem: (await makeKeyAndCsr()).csrPem }, RenewResponse)).rejects.toMatchObject({ code: 'unauthenticated' })
  link.close()
  expect(control.heard).toEqual([])
})

test('a certificate of another authority is nobody, even with the same names', async () => {
  await using control = await startEnrolment()
  await using foreign = await startEnrolment()
  const { identity } = await enrolAt(foreign, await tokenFor(foreign.db))
  const link = linkAs({ ...identity, bundlePem: control.authority.bundlePem() }, control)
  await expect(link.call('heartbeat', HEARTBEAT, HeartbeatResponse)).rejects.toMatchObject({ code: 'unauthenticated' })
  link.close()
})

test('an agent with a certificate of the mesh cannot pose as control', async () => {
  await using control = await startEnrolment()
  const { identity } = await enrolAt(control, await tokenFor(control.db))
  const imposter = new Server()
  const port = await bindServer(imposter, ServerCredentials.createSsl(Buffer.from(identity.bundlePem), [{ private_key: Buffer.from(identity.keyPem), cert_chain: Buffer.from(identity.chainPem + identity.bundlePem) }]))
  const link = openControlLink({ bundlePem: identity.bundlePem, trustDomain, certificate: identity }, () => [`127.0.0.1:${port}`])
  expect(await link.connect(1500)).toBeNull() // no stream
  await expect(link.call('heartbeat', HEARTBEAT, HeartbeatResponse)).rejects.toMatchObject({ code: 'unavailable' })
  // A token's hash of the right root is not enough either: the name must be control's.
  await expect(enrol({ controls: [`127.0.0.1:${port}`], token: await tokenFor(control.db), proxyId: 'loom-2', version: 'v1' })).rejects.toMatchObject({ code: 'unavailable' })
  link.close()
  imposter.forceShutdown()
})

test('a revoked certificate is refused, and whoever waits on it is told within a second', async () => {
  await using control = await startEnrolment()
  const { identity } = await enrolAt(control, await tokenFor(control.db))
  const link = linkAs(identity, control)
  await link.call('heartbeat', HEARTBEAT, HeartbeatResponse)
  const [peer] = control.heard
  if (!peer) throw new Error('no heartbeat arrived')
  expect(peer).toMatchObject({ proxyId: 'loom-1', spiffeId: identity.spiffeId, serial: identity.serial })
  const ended = new Promise<string>((resolve) => control.peers.untilInvalid(peer, resolve))
  const revoked = await revokeCertificate(control.db, { mesh: MESH, serial: identity.serial, reason: 'stolen', by: 'test' })
  expect(revoked).toMatchObject({ proxy: 'loom-1', spiffeId: identity.spiffeId })
  expect(Math.abs(Date.parse(revoked.refusedUntil ?? '') - Date.parse(identity.notAfter))).toBeLessThan(1000)
  expect(await Promise.race([ended, sleep(1000, 'too late')])).toContain('was revoked')
  await expect(link.call('heartbeat', HEARTBEAT, HeartbeatResponse)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(link.call('renew', { csrPem: (await makeKeyAndCsr()).csrPem }, RenewResponse)).rejects.toMatchObject({ code: 'forbidden' })
  link.close()
})

test('a certificate that ran out is refused on an open connection too', async () => {
  await using control = await startEnrolment({ svidTtlMs: 2000 })
  const { identity } = await enrolAt(control, await tokenFor(control.db))
  const link = linkAs(identity, control)
  await link.call('heartbeat', HEARTBEAT, HeartbeatResponse)
  const [peer] = control.heard
  if (!peer) throw new Error('no heartbeat arrived')
  const ended = new Promise<string>((resolve) => control.peers.untilInvalid(peer, resolve))
  expect(await Promise.race([ended, sleep(3000, 'too late')])).toContain('expired')
  await expect(link.call('heartbeat', HEARTBEAT, HeartbeatResponse)).rejects.toMatchObject({ code: 'unauthenticated' })
  link.close()
})

test('certificates of six seconds are renewed after half of their life and well before its end, once each, with control’s own changing beneath', async () => {
  await using control = await startEnrolment({ svidTtlMs: 6000 })
  const directory = await mkdtemp(join(tmpdir(), 'heddle-keeper-'))
  const { identity } = await enrolAt(control, await tokenFor(control.db))
  const ages: number[] = []
  let since = Date.now()
  using keeper = keepIdentity({
    identity,
    path: join(directory, 'identity.json'),
    controls: () => [control.address],
    onChange() {
      ages.push(Date.now() - since)
      since = Date.now()
    },
  })
  await sleep(15_500)
  expect(ages.length).toBeGreaterThanOrEqual(3)
  expect(ages.length).toBeLessThanOrEqual(5)
  for (const age of ages) expect(age).toBeGreaterThanOrEqual(2400) // half of a life that ends on a whole second
  for (const age of ages) expect(age).toBeLessThan(5400) // planned by 3.6 s; the rest is what a busy machine may take
  expect(keeper.failure).toBeNull()
  await keeper.link.call('heartbeat', HEARTBEAT, HeartbeatResponse)
  await rm(directory, { recursive: true })
}, 30_000)

test('a renewal that fails leaves the old certificate in use, says so when it becomes late, and heals by itself', async () => {
  const db = await testDatabase()
  const control = await startEnrolment({ db, svidTtlMs: 6000 })
  const directory = await mkdtemp(join(tmpdir(), 'heddle-keeper-'))
  const { identity } = await enrolAt(control, await tokenFor(db))
  let address = '127.0.0.1:1'
  using keeper = keepIdentity({ identity, path: join(directory, 'identity.json'), controls: () => [address], onChange: () => {} })
  await eventually('it is late', 6000, () => keeper.late && keeper.failure !== null)
  expect(keeper.held.serial).toBe(identity.serial)
  address = control.address
  await eventually('it is renewed', 4000, () => keeper.held.serial !== identity.serial)
  expect(keeper.late).toBe(false)
  await control[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
}, 20_000)

test('two control processes that start at once make one mesh; a wrong key or trust domain refuses to start and changes nothing', async () => {
  await using db = await testDatabase()
  const open = (secretKey: string, domain = trustDomain) => openAuthority(db, { mesh: MESH, trustDomain: domain, secretKey, svidTtlMs: 60_000 })
  const [a, b] = await Promise.all([open(TEST_SECRET_KEY), open(TEST_SECRET_KEY)])
  expect(a.trust.issuer.id).toBe(b.trust.issuer.id)
  const stored = async () => (await db.pool.query(`select (select jsonb_agg(c order by id) from certificate_authority c) as cas, (select jsonb_agg(k.ca_id || encode(k.ciphertext, 'hex') order by ca_id) from ca_key k) as keys, (select jsonb_agg(m) from mesh m) as meshes`)).rows
  const before = await stored()
  await expect(open(Buffer.alloc(32, 9).toString('base64'))).rejects.toThrow('nothing was changed')
  await expect(open(TEST_SECRET_KEY, 'other.test')).rejects.toThrow('trust domain')
  expect(await stored()).toEqual(before)
  await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()])
})
