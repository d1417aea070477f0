// Interception without the agent's knowing, between network namespaces: ordinary clients and servers, nobody of whom names a sidecar.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { askEnvoy } from './ask-admin.ts'
import { testDatabase } from './database.ts'
import { eventually } from './load.ts'
import { layWire, type Machine, type Wire } from './namespaces.ts'
import { startSidecarMesh, type SidecarMesh } from './sidecar-mesh.ts'
import { makeTlsFiles } from './tls-files.ts'

const AGENT_PORT = 9000
const SERVER = `import { createServer } from 'node:http'
createServer((request, response) => response.end(JSON.stringify(request.headers))).listen(${AGENT_PORT})`
const get = (url: string) => `const answer = await fetch(${JSON.stringify(url)}); process.stdout.write(answer.status + ' ' + await answer.text())`

interface Joined extends AsyncDisposable {
  machine: Machine
  stat(name: string): Promise<number>
  stopSidecar(): Promise<void>
}

/** An agent on a machine of its own, listening everywhere, with its sidecar. */
async function join(mesh: SidecarMesh, wire: Wire, agent: string): Promise<Joined> {
  const machine = await wire.machine(agent)
  const server = machine.start(process.execPath, ['--input-type=module', '-e', SERVER])
  const args = ['sidecar', '--agent', agent, '--version', 'v1', '--port', String(AGENT_PORT), '--name', agent, '--transparent', '--control', `${wire.address}:${mesh.control.port}`, '--token', await mesh.token(agent)]
  const sidecar = machine.start(process.execPath, [resolve('server/cli/heddle.mjs'), ...args], mesh.env)
  let output = ''
  for (const stream of [sidecar.stdout, sidecar.stderr]) stream?.on('data', (part) => (output += String(part)))
  await eventually(`${agent} is ready`, 60_000, () => {
    if (sidecar.exitCode !== null) throw new Error(`the sidecar of ${agent} ended: ${output}`)
    return output.includes('Ready: ')
  })
  await eventually(`the rules of ${agent}`, 10_000, async () => (await machine.rules()).includes('-A OUTPUT -j HEDDLE_OUTPUT'))
  const stopSidecar = async () => {
    if (sidecar.exitCode !== null) return
    const ended = once(sidecar, 'exit')
    sidecar.kill('SIGTERM')
    await ended
  }
  return {
    machine,
    stopSidecar,
    async stat(name) {
      const said = await askEnvoy(resolve(mesh.home, 'sidecars', agent), `/stats?filter=^${name.replaceAll('.', '\\.')}$`)
      return Number(/: (\d+)/.exec(said)?.[1] ?? 0)
    },
    async [Symbol.asyncDispose]() {
      await stopSidecar()
      server.kill('SIGKILL')
    },
  }
}

async function listenOn(server: Server, host: string): Promise<number> {
  await new Promise<void>((done) => server.listen(0, host, done))
  return (server.address() as AddressInfo).port // a TCP server's address is never a string
}

test.skipIf(process.getuid?.() !== 0)('an unmodified client reaches the mesh by name and the outside by address; nobody gets around a callee’s sidecar', async () => {
  await using wire = await layWire()
  await using files = await makeTlsFiles()
  await using mesh = await startSidecarMesh(await testDatabase(), { HEDDLE_BIND: '0.0.0.0', HEDDLE_PUBLIC_URL: 'https://localhost:1', HEDDLE_TLS_CERT: files.cert, HEDDLE_TLS_KEY: files.key })
  await using callee = await join(mesh, wire, 'callee')
  await using caller = await join(mesh, wire, 'caller')

  // Into the mesh, by its name alone: resolved, routed, over mutual TLS.
  await eventually('a call by name', 15_000, async () => (await caller.machine.node(get('http://callee.default.mesh/hello'))).startsWith('200'))
  const headers = (await caller.machine.node(get('http://callee.default.mesh/hello'))).slice(4)
  expect(JSON.parse(headers)['x-forwarded-client-cert']).toContain('URI=spiffe://weave.test/ns/default/agent/caller')
  expect(JSON.parse(headers)).not.toHaveProperty('x-heddle-intercepted')
  expect(await caller.machine.node(get('http://nobody.default.mesh/'))).toMatch(/^404 no agent of this name/)

  // Around the callee's sidecar: plaintext from a machine that is not in the mesh, and from one that is.
  await expect(fetch(`http://${callee.machine.address}:${AGENT_PORT}/`)).rejects.toThrow()
  await expect(caller.machine.node(get(`http://${callee.machine.address}:${AGENT_PORT}/`)).then((said) => (said.startsWith('200') ? said : Promise.reject(new Error(said))))).rejects.toThrow()

  // The outside, where the connection was going, whatever its Host says.
  await using stack = new AsyncDisposableStack()
  const plain = createServer((request, response) => response.end(`outside ${request.headers.host}`))
  const secure = createTlsServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) }, (_, response) => response.end('secure'))
  const first = createTcpServer((socket) => void socket.on('error', () => {}).once('data', (said) => socket.end(`heard ${String(said)}`)).write('220 I speak first, '))
  for (const server of [plain, secure, first]) stack.defer(() => void server.close())
  const [plainPort, securePort, firstPort] = [await listenOn(plain, wire.address), await listenOn(secure, wire.address), await listenOn(first, wire.address)]
  const directly = await caller.stat('cluster.external-direct.upstream_rq_total')
  expect(await caller.machine.node(get(`http://${wire.address}:${plainPort}/`))).toBe(`200 outside ${wire.address}:${plainPort}`)
  const named = `import { get } from 'node:http'; get({ host: '${wire.address}', port: ${plainPort}, headers: { host: 'elsewhere.example' } }, (answer) => answer.pipe(process.stdout))`
  expect(await caller.machine.node(named)).toBe('outside elsewhere.example')
  expect(await caller.stat('cluster.external-direct.upstream_rq_total')).toBe(directly + 2)
  expect(await caller.machine.node(get(`https://${wire.address}:${securePort}/`), { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toBe('200 secure')
  const say = `import { connect } from 'node:net'; const socket = connect(${firstPort}, '${wire.address}'); socket.once('data', () => socket.write('QUIT')); socket.pipe(process.stdout)`
  expect(await caller.machine.node(say)).toBe('220 I speak first, heard QUIT')
  expect(await caller.stat('cluster.external.upstream_cx_total')).toBe(1)

  // The port itself passes nothing on to itself.
  const direct = `import { connect } from 'node:net'; connect(15001, '127.0.0.1').on('error', () => {}).pipe(process.stdout)`
  expect(await caller.machine.node(direct)).toContain('redirected connections alone')

  // When the sidecar goes in order, so do its rules.
  await caller.stopSidecar()
  expect(await caller.machine.rules()).not.toContain('HEDDLE')
  expect(await caller.machine.node(get(`http://${wire.address}:${plainPort}/`))).toBe(`200 outside ${wire.address}:${plainPort}`)
}, 240_000)
