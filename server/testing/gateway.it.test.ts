// Calls from outside the mesh by TLS, on a real sidecar: which certificate is shown, which route is taken, and how a renewed file gets there.
import { copyFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:tls'
import { request } from 'node:https'
import { expect, test } from 'vitest'
import { commitChange } from '../changes/commit.ts'
import { agent, route } from '../compile/fixtures.ts'
import { Gateway } from '../contracts/gateway.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import { testDatabase } from './database.ts'
import { freePort } from './free-port.ts'
import { eventually } from './load.ts'
import { startSidecarMesh } from './sidecar-mesh.ts'
import { makeTlsFiles } from './tls-files.ts'

function ask(port: number, host: string, ca: string): Promise<string> {
  return new Promise((done, failed) => {
    request({ host: '127.0.0.1', port, servername: 'localhost', ca, headers: { host }, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (part) => (text += String(part))).on('end', () => done(`${answer.statusCode} ${text}`))
    })
      .on('error', failed)
      .end()
  })
}

/** Fingerprint of what is shown there. */
function shown(port: number): Promise<string> {
  return new Promise((done, failed) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
      done(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    }).on('error', failed)
  })
}

test('a gateway shows its certificate, routes by host name, and shows the renewed one without losing a connection', async () => {
  await using files = await makeTlsFiles()
  await using renewed = await makeTlsFiles()
  await using mesh = await startSidecarMesh(await testDatabase())
  const door = await mesh.join('door', { flags: ['--certificate', `shop=${files.cert},${files.key}`] })
  await mesh.join('shop')
  const port = await freePort()
  const listeners = [{ name: 'https', port, protocol: 'HTTPS', hostname: '*.example.com', tls: { certificateRefs: [{ name: 'shop' }] } }]
  const gateway = Gateway.parse({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name: 'door' }, spec: { addresses: [{ value: '127.0.0.1' }], listeners, infrastructure: { parametersRef: { group: 'heddle.dev', kind: 'Agent', name: 'door' } } } })
  const objects: MeshObject[] = [agent('door'), agent('shop'), gateway, route('shop', { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'door' }], hostnames: ['shop.example.com'], rules: [{ backendRefs: [{ name: 'shop' }] }] })]
  await commitChange(mesh.db, { mesh: 'local', author: 'test', reason: '', changes: objects.map((object) => ({ ref: refOf(object), expected: 'any', after: object })) })

  await eventually('an answer over TLS', 60_000, async () => (await ask(port, 'shop.example.com', files.pem)) === '200 shop v1')
  expect(await ask(port, 'other.example.com', files.pem)).toMatch(/^404/)
  expect(await ask(port, 'shop.elsewhere.com', files.pem)).toMatch(/^404/)
  await expect(ask(port, 'shop.example.com', renewed.pem)).rejects.toThrow(/self-signed|unable to verify/)
  await expect(fetch(`http://127.0.0.1:${port}/`, { headers: { host: 'shop.example.com' } })).rejects.toThrow()

  // Half of a renewal changes nothing; the whole of it is shown.
  const before = await shown(port)
  await copyFile(renewed.cert, files.cert)
  await eventually('the half is noticed', 60_000, () => door.output().includes('the certificate shop stays as it was'))
  expect(await shown(port)).toBe(before)
  await copyFile(renewed.key, files.key)
  await eventually('the renewed one', 60_000, async () => (await shown(port)) !== before)
  expect(await ask(port, 'shop.example.com', renewed.pem)).toBe('200 shop v1')
  await writeFile(files.key, 'no PEM')
  expect(await ask(port, 'shop.example.com', renewed.pem)).toBe('200 shop v1')
}, 240_000)
