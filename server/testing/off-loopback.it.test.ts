// Doors that other machines reach: TLS on each of them, credentials behind it, and a sidecar whose telemetry goes that way.
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startCollector } from '#collectors/collector.ts'
import { readConfig } from '../config.ts'
import { readTls, trustOf } from '../run/tls.ts'
import { refuseOpenDoors } from '../run/doors.ts'
import { testDatabase } from './database.ts'
import { freePort } from './free-port.ts'
import { eventually } from './load.ts'
import { startSidecarMesh } from './sidecar-mesh.ts'
import { makeTlsFiles } from './tls-files.ts'

test('a sidecar enrols and sends its telemetry over TLS off loopback; nobody gets in without a token, or in the clear', async () => {
  await using files = await makeTlsFiles()
  const db = await testDatabase()
  const [grpcPort, httpPort] = [await freePort(), await freePort()]
  const env = { HEDDLE_BIND: '0.0.0.0', HEDDLE_PUBLIC_URL: 'https://localhost:1', HEDDLE_TLS_CERT: files.cert, HEDDLE_TLS_KEY: files.key, HEDDLE_OTLP_GRPC_PORT: String(grpcPort) }
  await using mesh = await startSidecarMesh(db, env)
  const tls = readTls({ tlsCert: files.cert, tlsKey: files.key })
  await using collector = await startCollector({ databaseUrl: db.url, bind: '0.0.0.0', tls, grpcPort, httpPort, retentionMs: 86_400_000, diskMaxBytes: 1e9, origins: [], onError: () => {} })
  const caller = await mesh.join('caller')
  await mesh.join('callee')
  await eventually('a call', 10_000, async () => (await caller.out.call('callee.default.mesh')).status === 200)
  await eventually('the sidecar’s counts', 20_000, () => collector.totals.points > 0)
  expect(await post(httpPort, files.pem, null)).toBe(401)
  expect(await post(httpPort, files.pem, 'hdl_tel_nobody')).toBe(401)
  expect(await inTheClear(httpPort)).not.toContain('200')
  expect(await inTheClear(grpcPort)).not.toContain('200')
}, 120_000)

function post(port: number, ca: string, token: string | null): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: 'localhost', port, path: '/v1/traces', method: 'POST', ca, headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) } }, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', reject)
      .end('{}')
  })
}

function inTheClear(port: number): Promise<string> {
  return new Promise((resolve) => {
    let got = ''
    const socket = connect(port, '127.0.0.1', () => socket.write('POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'))
    socket.on('data', (part) => (got += String(part))).on('close', () => resolve(got)).on('error', () => resolve(got))
    socket.setTimeout(2000, () => socket.destroy())
  })
}

test('what the settings may not be is refused, each naming its setting', async () => {
  await using files = await makeTlsFiles()
  await using other = await makeTlsFiles()
  await using expired = await makeTlsFiles(-1000)
  const spoiled = `${files.cert}.spoiled`
  await writeFile(spoiled, 'no PEM')
  const config = (env: Record<string, string>) => readConfig({ NODE_ENV: 'test', ...env })
  const read = (env: Record<string, string>) => () => config(env)
  expect(read({ HEDDLE_TLS_CERT: files.cert })).toThrow('HEDDLE_TLS_CERT is set alone')
  expect(read({ HEDDLE_TLS_KEY: files.key })).toThrow('HEDDLE_TLS_KEY is set alone')
  expect(read({ HEDDLE_BIND: '0.0.0.0' })).toThrow('HEDDLE_PUBLIC_URL')
  expect(read({ HEDDLE_TLS_CERT: files.cert, HEDDLE_TLS_KEY: files.key, HEDDLE_SAMPLE: 'on' })).toThrow('HEDDLE_SAMPLE')
  expect(config({ HEDDLE_BIND: '10.1.2.3', HEDDLE_TLS_CERT: files.cert, HEDDLE_TLS_KEY: files.key })).toMatchObject({ sample: 'off', publicUrl: 'https://10.1.2.3:3000' })
  expect(() => refuseOpenDoors(config({ HEDDLE_BIND: '10.1.2.3' }))).toThrow('HEDDLE_BIND is 10.1.2.3')
  expect(() => refuseOpenDoors(config({ HEDDLE_BIND: '10.1.2.3', HEDDLE_TLS_CERT: files.cert, HEDDLE_TLS_KEY: files.key }))).not.toThrow()
  expect(() => readTls({ tlsCert: files.cert, tlsKey: other.key })).toThrow('is not that of the certificate')
  expect(() => readTls({ tlsCert: `${files.cert}.none`, tlsKey: files.key })).toThrow('HEDDLE_TLS_CERT names')
  expect(() => readTls({ tlsCert: files.cert, tlsKey: spoiled })).toThrow('HEDDLE_TLS_KEY names')
  expect(() => readTls({ tlsCert: spoiled, tlsKey: files.key })).toThrow('holds no PEM')
  expect(() => readTls({ tlsCert: expired.cert, tlsKey: expired.key })).toThrow('expired')
  expect(readTls({ tlsCert: '', tlsKey: '' })).toBeNull()
  expect(trustOf(readTls({ tlsCert: files.cert, tlsKey: files.key }) ?? { cert: Buffer.alloc(0), key: Buffer.alloc(0) })).toContain('BEGIN CERTIFICATE')
})
