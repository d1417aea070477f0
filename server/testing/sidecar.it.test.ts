// One mesh of real processes: what a sidecar does when something around it dies, freezes or lies.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Agent } from '../contracts/agent.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import { readCertificates } from '../queries/certificates.ts'
import { writeBackup } from '../run/backup/write.ts'
import { testApi } from './api.ts'
import { askAdmin } from './ask-admin.ts'
import { testDatabase } from './database.ts'
import { listenersOf } from './listeners.ts'
import { eventually, openLoop } from './load.ts'
import { startSidecarMesh, TEST_MESH, type JoinedAgent, type SidecarMesh } from './sidecar-mesh.ts'

let mesh: SidecarMesh
let loom: JoinedAgent
let shuttle: JoinedAgent

beforeAll(async () => {
  mesh = await startSidecarMesh(await testDatabase())
  ;[loom, shuttle] = await Promise.all([mesh.join('loom'), mesh.join('shuttle')])
  await reaches()
}, 90_000)
afterAll(() => mesh?.[Symbol.asyncDispose](), 60_000)

const call = () => loom.out.call('shuttle.default.mesh')

async function reaches(withinMs = 15_000): Promise<void> {
  await eventually('loom reaches shuttle', withinMs, async () => (await call()).status === 200)
}

async function instances(): Promise<string[]> {
  const { rows } = await mesh.db.pool.query<{ id: string }>(`select id from instance where state = 'ready' order by id`)
  return rows.map((row) => row.id)
}

test('a call arrives with the identity of its caller', async () => {
  expect((await call()).body).toBe('shuttle v1')
  expect(shuttle.received.at(-1)?.headers['x-forwarded-client-cert']).toContain(`URI=spiffe://${TEST_MESH.trustDomain}/ns/default/agent/loom`)
})

test('private keys are in no row, log or answer, and on disk for the owner alone', async () => {
  const held: unknown = JSON.parse(readFileSync(join(loom.dir, 'identity.json'), 'utf8'))
  const key = (held as { keyPem: string }).keyPem.split('\n').slice(1, 3).join('')
  const tables = await mesh.db.pool.query<{ name: string }>(`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`)
  for (const { name } of tables.rows) {
    const { rows } = await mesh.db.pool.query<{ text: string | null }>(`select string_agg(t::text, ' ') as text from "${name}" t`)
    expect(rows[0]?.text ?? '', name).not.toMatch(/PRIVATE KEY/)
    expect((rows[0]?.text ?? '').replaceAll('\\n', ''), name).not.toContain(key)
  }
  const sealed = await mesh.db.pool.query<{ ciphertext: Buffer }>('select ciphertext from ca_key')
  for (const { ciphertext } of sealed.rows) expect(ciphertext.toString('latin1')).not.toContain('KEY')
  const words = [mesh.control.output(), loom.output(), shuttle.output(), readFileSync(join(loom.dir, 'envoy.log'), 'utf8'), JSON.stringify(await readCertificates(mesh.db, TEST_MESH.name))]
  for (const text of words) expect(text).not.toMatch(/PRIVATE KEY/)
  const backup = join(mesh.home, 'mesh.backup')
  await writeBackup(mesh.db.url, backup, { telemetry: true })
  const kept = gunzipSync(readFileSync(backup)).toString('latin1')
  expect(kept).toContain('public.ca_key')
  expect(kept).not.toMatch(/PRIVATE KEY/)
  expect(kept.replaceAll('\\n', '')).not.toContain(key)
  for (const file of ['identity.json', 'state.json', 'kept.bin', 'envoy.json']) expect(mode(join(loom.dir, file)), file).toBe(0o600)
  expect(readFileSync(join(loom.dir, 'kept.bin')).includes('PRIVATE KEY')).toBe(false)
  expect(readdirSync(loom.dir)).not.toContain('identity.json.tmp')
})

test('no core dump holds the memory of a process that has keys', () => {
  for (const [name, pid] of Object.entries({ control: mesh.control.process.pid, sidecar: loom.process.pid, envoy: loom.envoyPid() })) expect(readFileSync(`/proc/${pid}/coredump_filter`, 'utf8').trim(), name).toBe('00000000')
})

test('Envoy’s admin interface is on no port, so that no route, agent, host or tunnel leads there', async () => {
  const socket = join(loom.dir, 'admin.sock')
  expect(mode(socket)).toBe(0o600)
  expect(await askAdmin({ socketPath: socket }, '/stats')).toContain('cluster.')
  const ports = listenersOf([loom.envoyPid()])
  expect(ports.length).toBeGreaterThanOrEqual(2) // inbound and outbound
  for (const { port, address } of ports)
    for (const path of ['/stats', '/certs', '/config_dump', '/ready']) expect(await askAdmin({ host: address, port }, path), `${address}:${port}${path}`).not.toMatch(/cluster\.|"certificates"|"configs"|LIVE/)
  // A static instance names an address, never a socket; and nobody's agent is a sidecar's own socket.
  expect(Agent.safeParse({ apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name: 'a' }, spec: { instances: [{ address: socket, port: 1 }] } }).success).toBe(false)
  const args = ['server/cli/heddle.mjs', 'sidecar', '--agent', 'spy', '--version', 'v1', '--socket', socket, '--control', `127.0.0.1:${mesh.control.port}`, '--token', await mesh.token('spy')]
  await expect(promisify(execFile)(process.execPath, args, { env: mesh.env })).rejects.toMatchObject({ stderr: expect.stringContaining('is a sidecar\'s own socket') })
})

test('a proxy is asked through its sidecar what its Envoy runs: the versions that it was sent, addresses with their health, certificates, counters; who operates sets its log, with a line in the audit', async () => {
  const api = await testApi(mesh.db)
  const ask = async (question: unknown, role: 'viewer' | 'operator' = 'viewer') => {
    const response = await api.as(role).post(`/proxies/${loom.proxyId}/questions`, question)
    return { status: response.status, body: await response.json() }
  }
  const config = await ask({ about: 'config' })
  const sent = await (await api.as('viewer').get(`/proxies/${loom.proxyId}/resources`)).json()
  const runs = new Map(config.body.resources.map((one: { typeUrl: string; name: string; version: string }) => [`${one.typeUrl} ${one.name}`, one.version]))
  const told = sent.items.filter(({ typeUrl }: { typeUrl: string }) => /Cluster$|Listener$|RouteConfiguration$/.test(typeUrl))
  expect(told.length).toBeGreaterThan(4)
  for (const { typeUrl, name, acked } of told) expect(runs.get(`${typeUrl} ${name}`), name).toBe(name === 'outbound' && typeUrl.endsWith('RouteConfiguration') ? '' : acked)
  const clusters = (await ask({ about: 'clusters' })).body.clusters as { name: string; hosts: { address: string; isHealthy: boolean; requests: number }[] }[]
  expect(clusters.find(({ name }) => name === 'default/shuttle/v1')?.hosts).toMatchObject([{ address: `127.0.0.1:${shuttle.inboundPort()}`, isHealthy: true, why: [], requests: expect.any(Number) as number }])
  expect((await ask({ about: 'certificates' })).body.certificates).toContainEqual(expect.objectContaining({ isRoot: false, names: [`spiffe://${TEST_MESH.trustDomain}/ns/default/agent/loom`] }))
  expect((await ask({ about: 'statistics', contains: 'default/shuttle/v1.upstream_rq_2' })).body).toMatchObject({ found: expect.any(Number) as number, statistics: expect.arrayContaining([{ name: 'cluster.default/shuttle/v1.upstream_rq_2xx', value: expect.any(Number) as number }]) as unknown[] })
  expect((await ask({ about: 'statistics', contains: 'no.such(thing' })).body).toMatchObject({ found: 0, statistics: [] })

  expect((await ask({ about: 'log', level: 'debug' })).status).toBe(403)
  expect((await ask({ about: 'log', level: 'debug' }, 'operator')).body.levels.router).toBe('debug')
  expect((await ask({ about: 'log', level: 'warning' }, 'operator')).body.levels.router).toBe('warning')
  expect((await mesh.db.pool.query(`select target, detail from audit where action = 'proxy.log' order by seq`)).rows).toMatchObject([{ target: loom.proxyId, detail: { level: 'debug' } }, { detail: { level: 'warning' } }])
  for (const bad of [{}, { about: 'secrets' }, { about: 'log', level: 'loud' }, { about: 'config', more: 1 }, { about: 'statistics', contains: 'x'.repeat(201) }]) expect((await ask(bad)).status).toBe(422)
  expect((await api.as('viewer').post('/proxies/nobody/questions', { about: 'config' })).status).toBe(404)
  await mesh.db.pool.query(`insert into proxy (mesh, id, namespace, agent, version, spiffe_id) values ('local', 'gone-1', 'default', 'loom', 'v1', 'spiffe://x')`)
  const gone = await api.as('viewer').post('/proxies/gone-1/questions', { about: 'config' })
  expect([gone.status, (await gone.json()).detail]).toEqual([503, expect.stringMatching(/^gone-1 is away since /)])
  await mesh.db.pool.query(`delete from proxy where id = 'gone-1'`)
}, 60_000)

test('an agent whose own port answers beyond loopback is warned of, where its sidecar runs and in the store; one on loopback is not', async () => {
  const open = await mesh.join('bobbin', { host: '0.0.0.0' })
  const sentence = /Warning: the agent's port \d+ answers beyond loopback \(.+\): calls can go around the mesh/
  await eventually('the sidecar warns', 10_000, () => sentence.test(open.output()))
  const warnings = async (id: string) => (await mesh.db.pool.query<{ warnings: string[] }>('select warnings from proxy where id = $1', [id])).rows[0]?.warnings
  await eventually('the store knows', 10_000, async () => (await warnings(open.proxyId))?.some((one) => one.includes('answers beyond loopback')))
  await open.stop()
  expect(open.output().match(/answers beyond loopback/g)).toHaveLength(1)
  expect(await warnings(loom.proxyId)).toEqual([])
  expect(loom.output()).not.toContain('beyond loopback')
}, 60_000)

test('a frozen Envoy is taken out of rotation, and comes back when it thaws', async () => {
  const pid = shuttle.envoyPid()
  process.kill(pid, 'SIGSTOP')
  try {
    await eventually('the frozen one is out', 10_000, async () => !(await instances()).includes(shuttle.proxyId))
    const { rows } = await mesh.db.pool.query<{ control_id: string | null }>('select control_id from proxy where id = $1', [shuttle.proxyId])
    expect(rows[0]?.control_id).toBeNull()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await eventually('it is back', 10_000, async () => (await instances()).includes(shuttle.proxyId))
  await reaches()
}, 30_000)

test('a killed sidecar leaves its Envoy serving, and the next one keeps it', async () => {
  const pid = shuttle.envoyPid()
  const stream = openLoop(20, call)
  await shuttle.kill()
  shuttle.start()
  await shuttle.ready()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const results = await stream.stop()
  expect(shuttle.envoyPid()).toBe(pid)
  expect(results.length).toBeGreaterThan(40)
  expect(results.filter(({ status }) => status !== 200)).toEqual([])
}, 40_000)

test('a killed Envoy is started again with what it had', async () => {
  process.kill(shuttle.envoyPid(), 'SIGKILL')
  await eventually('another Envoy runs', 10_000, () => shuttle.envoyPid() !== 0)
  await new Promise((resolve) => setTimeout(resolve, 1000)) // time enough to be seen dead, and taken out
  await eventually('it is in rotation', 10_000, async () => (await instances()).includes(shuttle.proxyId))
  await reaches()
}, 30_000)

test('with control killed, calls go on, a restarted sidecar serves from what it kept, and control comes back unnoticed', async () => {
  await mesh.control.kill()
  const stream = openLoop(20, call)
  await loom.kill()
  process.kill(loom.envoyPid(), 'SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 500))
  await stream.stop() // its own proxy was killed: these calls tell nothing
  loom.start()
  await loom.ready()
  await reaches()
  const served = openLoop(20, call)
  await new Promise((resolve) => setTimeout(resolve, 2000))
  await mesh.control.start()
  await eventually('both are connected again', 15_000, async () => {
    const { rows } = await mesh.db.pool.query<{ n: number }>('select count(*)::int as n from proxy p join control_process c on c.id = p.control_id where c.heartbeat_at > now() - interval \'5 s\'')
    return rows[0]?.n === 2
  })
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const results = await served.stop()
  expect(results.filter(({ status }) => status !== 200)).toEqual([])
  expect(loom.output()).toContain('served from the configuration kept on disk')
}, 90_000)

test('somebody with an agent’s certificate at control’s own address is told nothing, and calls go on meanwhile', async () => {
  const { keyPem, chainPem, bundlePem } = JSON.parse(readFileSync(join(loom.dir, 'identity.json'), 'utf8')) as Record<string, string> // read as HeldIdentity elsewhere
  await mesh.control.kill()
  const seen = { attempts: 0, bytes: 0 }
  const imposter = createServer({ key: keyPem, cert: `${chainPem}${bundlePem}`, ca: bundlePem, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['h2'] }, (socket) => {
    socket.on('data', (part) => (seen.bytes += part.length)).on('error', () => {})
  })
  imposter.on('connection', () => (seen.attempts += 1)).on('tlsClientError', () => {})
  await new Promise<void>((listening) => imposter.listen(mesh.control.port, '127.0.0.1', listening))
  const stream = openLoop(20, call)
  await eventually('both sidecars came to it', 20_000, () => seen.attempts >= 4)
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const results = await stream.stop()
  await new Promise((closed) => imposter.close(closed))
  await mesh.control.start()
  expect(seen.bytes).toBe(0) // no stream, no heartbeat, no request for a certificate
  expect(results.length).toBeGreaterThan(10)
  expect(results.filter(({ status }) => status !== 200)).toEqual([])
  await reaches()
}, 60_000)

test('a sidecar that stops in order loses no call and is forgotten', async () => {
  const second = await mesh.join('shuttle', { version: 'v1' })
  await eventually('both take calls', 15_000, async () => {
    await call()
    return second.received.length > 0
  })
  const stream = openLoop(40, call)
  await second.stop()
  await new Promise((resolve) => setTimeout(resolve, 500))
  const results = await stream.stop()
  expect(results.filter(({ status }) => status !== 200)).toEqual([])
  expect((await mesh.db.pool.query('select 1 from proxy where id = $1', [second.proxyId])).rowCount).toBe(0)
}, 60_000)

function mode(path: string): number {
  return statSync(path).mode & 0o777
}
