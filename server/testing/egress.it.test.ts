// Calls to https outside the mesh, on real sidecars: who speaks TLS, whose credential goes along, and who may.
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { commitChange } from '../changes/commit.ts'
import { agent, egressPolicy, externalService } from '../compile/fixtures.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import { askEnvoy } from './ask-admin.ts'
import { testDatabase } from './database.ts'
import { eventually } from './load.ts'
import { startOutsideService } from './outside-service.ts'
import { listProcesses } from '../run/registry.ts'
import { startSidecarMesh, type JoinedAgent, type SidecarMesh } from './sidecar-mesh.ts'

const HOST = 'api.models.test'
const SECRET = 'sk-never-to-be-seen'

async function apply(mesh: SidecarMesh, objects: readonly MeshObject[]): Promise<void> {
  await commitChange(mesh.db, { mesh: 'local', author: 'test', reason: '', changes: objects.map((object) => ({ ref: refOf(object), expected: 'any', after: object })) })
}

function envoyPorts(mesh: SidecarMesh, { proxyId }: JoinedAgent): Record<string, number> {
  return listProcesses(mesh.home).find((entry) => entry.role === 'envoy' && entry.name === proxyId)?.ports ?? {}
}

/** What the host says to one request inside a CONNECT, or the status of a proxy that refuses it. */
function tunnelTo({ proxy, host, port, ca }: { proxy: number; host: string; port: number; ca: string }): Promise<string> {
  return new Promise((done, failed) => {
    request({ host: '127.0.0.1', port: proxy, method: 'CONNECT', path: `${host}:${port}` })
      .on('connect', ({ statusCode }, socket) => {
        if (statusCode !== 200) return done(String(statusCode))
        const inside = connect({ socket, servername: host, ca })
        inside.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
        let text = ''
        inside.on('data', (part) => (text += String(part))).on('end', () => done(text)).on('error', failed)
      })
      .on('error', failed)
      .end()
  })
}

test('the sidecar speaks TLS to a host whose certificate it checks, and sends a credential along that the agent never has', async () => {
  await using outside = await startOutsideService([HOST, 'other.models.test'])
  const file = join(outside.directory, 'key')
  await writeFile(file, `${SECRET}-1\n`)
  await using mesh = await startSidecarMesh(await testDatabase())
  const writer = await mesh.join('writer', { flags: ['--ca', `models=${outside.caFile}`, '--credential', `key=${HOST},file:${file}`] })
  const at = { port: outside.port, addresses: ['127.0.0.1'] }
  const tls = { mode: 'Originate', caRef: { name: 'models' } }
  await apply(mesh, [
    agent('writer'),
    externalService('models', { host: HOST, ...at, type: 'model', tls, credential: { name: 'key', prefix: 'Bearer ' } }),
    externalService('wrong-name', { host: 'wrong.models.test', ...at, tls }),
    externalService('wrong-authority', { host: 'other.models.test', ...at, tls: { mode: 'Originate' } }),
    externalService('thief', { host: 'x.other.models.test', ...at, tls, credential: { name: 'key' } }),
  ])

  const call = (host: string, headers = {}) => writer.out.call(host, { path: '/v1/chat', headers })
  await eventually('an answer by TLS', 60_000, async () => (await call(HOST)).status === 200)
  outside.received.length = 0
  expect(await call(HOST, { authorization: 'Bearer of the agent' })).toMatchObject({ status: 200, body: 'outside' })
  expect(outside.received).toEqual([expect.objectContaining({ host: `${HOST}:${outside.port}`, path: '/v1/chat', serverName: HOST })])
  expect(outside.received[0]?.headers.authorization).toBe(`Bearer ${SECRET}-1`)

  // Another file content is another credential, without a call lost.
  await writeFile(file, `${SECRET}-2`)
  await eventually('the new credential', 60_000, async () => (await call(HOST)).status === 200 && outside.received.at(-1)?.headers.authorization === `Bearer ${SECRET}-2`)

  // A certificate for another name, one of an unknown authority, and a credential for another host reach nobody.
  outside.received.length = 0
  expect((await call('wrong.models.test')).status).toBe(503)
  expect((await call('other.models.test')).status).toBe(503)
  expect(await call('x.other.models.test')).toMatchObject({ status: 401 })
  expect(outside.received).toEqual([])
  expect(writer.output()).toContain('an ExternalService asks for the credential “key”, and this sidecar was not given one for that host')

  // Nobody who looks sees it.
  const dump = await askEnvoy(writer.dir, '/config_dump?include_eds')
  expect(dump).toContain('credential/key/api.models.test')
  expect(dump).not.toContain(SECRET)
  expect(writer.output()).not.toContain(SECRET)
  const { rows } = await mesh.db.pool.query(`select 1 from object where spec::text like $1`, [`%${SECRET}%`])
  expect(rows).toEqual([])
}, 240_000)

test('a host is for the agents that it names, at its port; what nobody named is refused where a policy says so', async () => {
  await using outside = await startOutsideService([HOST])
  await using mesh = await startSidecarMesh(await testDatabase())
  const [writer, reader] = [await mesh.join('writer'), await mesh.join('reader')]
  const service = externalService('models', { host: HOST, port: outside.port, addresses: ['127.0.0.1'], from: [{ agents: ['writer'] }] })
  await apply(mesh, [agent('writer'), agent('reader'), service])
  const tunnel = (from: JoinedAgent, host: string, port: number) => tunnelTo({ proxy: envoyPorts(mesh, from).outbound ?? 0, host, port, ca: outside.ca })
  await eventually('an answer through the tunnel', 60_000, async () => (await tunnel(writer, HOST, outside.port)).startsWith('HTTP/1.1 200'))
  expect(await tunnel(writer, HOST, 9443)).toBe('403')
  expect(await tunnel(reader, HOST, outside.port)).toBe('403')
  expect(await writer.out.call(HOST)).toMatchObject({ status: 426, body: expect.stringContaining('tls.mode Originate') })
  expect(await reader.out.call(HOST)).toMatchObject({ status: 403, body: expect.stringContaining('does not name default/reader') })

  await apply(mesh, [egressPolicy('closed', { targetRefs: [{ name: 'writer' }], unknownHosts: 'Block' })])
  await eventually('unknown hosts are refused', 60_000, async () => (await writer.out.call('else.models.test')).status === 403)
  expect(await tunnel(writer, 'else.models.test', 443)).toBe('403')
  expect((await writer.out.call('127.0.0.1', { headers: { 'x-heddle-intercepted': '1' } })).status).toBe(404)
  expect(await tunnel(writer, HOST, outside.port)).toContain('outside')
  expect((await reader.out.call('else.models.test')).status).toBe(503) // it may, and nobody is there

  await apply(mesh, [externalService('models', { host: HOST, port: outside.port, access: 'Block' })])
  await eventually('the blocked host', 60_000, async () => (await tunnel(writer, HOST, outside.port)) === '403')
}, 240_000)

test('without a caRef the machine’s own authorities count, and without addresses DNS says where the host is', async () => {
  await using outside = await startOutsideService(['models.localhost'])
  await using stranger = await startOutsideService(['stranger.localhost'])
  await using mesh = await startSidecarMesh(await testDatabase(), { SSL_CERT_FILE: outside.caFile })
  const writer = await mesh.join('writer')
  const tls = { mode: 'Originate' }
  await apply(mesh, [agent('writer'), externalService('models', { host: 'models.localhost', port: outside.port, tls }), externalService('stranger', { host: 'stranger.localhost', port: stranger.port, tls })])
  await eventually('an answer by TLS', 60_000, async () => (await writer.out.call('models.localhost')).status === 200)
  expect(outside.received.at(-1)).toMatchObject({ host: `models.localhost:${outside.port}`, serverName: 'models.localhost' })
  expect((await writer.out.call('stranger.localhost')).status).toBe(503) // found by DNS as well; its authority is none of this machine's
  expect(stranger.received).toEqual([])
  expect(await askEnvoy(writer.dir, '/stats?filter=^cluster.external.ssl.fail_verify_error$')).toMatch(/: [1-9]/)
}, 240_000)
