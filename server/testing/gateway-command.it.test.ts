// `heddle gateway`: one command, and a stranger's TLS client reaches an agent by its host name.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:https'
import { expect, test } from 'vitest'
import { agent } from '../compile/fixtures.ts'
import { commitChange } from '../changes/commit.ts'
import { refOf } from '../contracts/object.ts'
import { commandLine } from './command-line.ts'
import { testDatabase } from './database.ts'
import { freePort } from './free-port.ts'
import { eventually } from './load.ts'
import { startSidecarMesh } from './sidecar-mesh.ts'
import { makeTlsFiles } from './tls-files.ts'

/** As a stranger: no name, no certificate, and only this authority trusted. */
function ask(port: number, host: string, ca: string): Promise<string> {
  return new Promise((done, failed) => {
    get({ host: '127.0.0.1', port, servername: 'localhost', ca, headers: { host }, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (part) => (text += String(part))).on('end', () => done(`${answer.statusCode} ${text}`))
    }).on('error', failed)
  })
}

test('one command takes TLS from outside for an agent, writes its objects once, and goes on after a restart', async () => {
  await using files = await makeTlsFiles()
  const db = await testDatabase()
  await using mesh = await startSidecarMesh(db)
  await using heddle = await commandLine(db)
  await commitChange(db, { mesh: 'local', author: 'test', reason: '', changes: [{ ref: refOf(agent('shop')), expected: 'any', after: agent('shop') }] })
  await mesh.join('shop')
  const port = await freePort()
  const args = ['server/cli/heddle.mjs', 'gateway', 'edge', '--https', String(port), '--certificate', `front=${files.cert},${files.key}`, '--hostname', 'shop.example.com', '--to', 'shop', '--control', `127.0.0.1:${mesh.control.port}`]
  const env = { ...mesh.env, HEDDLE_URL: heddle.url, HEDDLE_TOKEN: heddle.api.tokenOf('admin') }
  const start = async (more: string[]) => {
    const child = spawn(process.execPath, [...args, ...more], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += String(part)))
    await eventually('the gateway is ready', 60_000, () => output.includes('Ready: the gateway edge') || (child.exitCode === null ? null : Promise.reject(new Error(output))))
    return {
      output: () => output,
      async [Symbol.asyncDispose]() {
        const ended = once(child, 'exit')
        child.kill('SIGTERM')
        await ended
      },
    }
  }
  {
    await using gateway = await start(['--token', await mesh.token('edge')])
    expect(gateway.output()).toMatch(/Agent default\/edge created\nGateway default\/edge created\nHTTPRoute default\/edge created/)
    await eventually('an answer over TLS', 30_000, async () => (await ask(port, 'shop.example.com', files.pem)) === '200 shop v1')
    expect(await ask(port, 'other.example.com', files.pem)).toMatch(/^404/)
  }
  await expect(ask(port, 'shop.example.com', files.pem)).rejects.toThrow(/ECONNREFUSED/)
  const route = (await heddle.run(['get', 'httproute', 'edge', '-o', 'json'])).stdout
  await heddle.run(['apply', '-f', '-'], { input: route.replace('"shop"', '"edge"') }) // somebody's own edit: to the gateway's agent itself
  await using again = await start([])
  expect(again.output()).toMatch(/Gateway default\/edge unchanged/)
  expect(again.output()).not.toMatch(/HTTPRoute/)
  await eventually('an answer over TLS', 30_000, async () => (await ask(port, 'shop.example.com', files.pem)) === '404 edge is a gateway: nothing is behind it\n')
}, 240_000)
