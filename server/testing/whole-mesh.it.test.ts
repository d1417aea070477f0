// The promises of the mesh on a fleet that Heddle has never seen: a till that asks shelves, a vault that answers one caller.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHeddle } from './heddle.ts'
import { burst, eventually, fourSigma, openLoop, tally } from './load.ts'
import { meshOf, onlyCallers, routeOf, splitOf, type MeshUnderTest } from './mesh.ts'
import { getThroughTunnel, startOutside } from './outside.ts'
import type { PlainAgent } from './plain-agent.ts'

const SHELF = 'shelf.default.mesh'
let heddle: Awaited<ReturnType<typeof startHeddle>>
let startedAt: string
let mesh: MeshUnderTest
let till: PlainAgent
let shelf1: PlainAgent
let shelf2: PlainAgent
let vault: PlainAgent
/** Everyone who ever joined, gone or not: the mesh counts what each received. */
const everyone: PlainAgent[] = []

beforeAll(async () => {
  startedAt = new Date().toISOString()
  heddle = await startHeddle()
  const address = meshOf(heddle)
  mesh = {
    ...address,
    async join(options) {
      const agent = await address.join(options)
      everyone.push(agent)
      return agent
    },
  }
  ;[till, shelf1, shelf2, vault] = await Promise.all([
    mesh.join({ name: 'till' }),
    mesh.join({ name: 'shelf', version: 'v1' }),
    mesh.join({ name: 'shelf', version: 'v2' }),
    mesh.join({ name: 'vault', status: (path) => (path === '/broken' ? 500 : undefined) }),
  ])
}, 180_000)

afterAll(async () => {
  await Promise.all([till, shelf1, shelf2, vault].map((agent) => agent?.[Symbol.asyncDispose]()))
  await heddle?.[Symbol.asyncDispose]()
})

const callShelf = (headers: Record<string, string> = {}) => till.out.call(SHELF, { path: '/book', headers })
const versionsOf = (results: { headers: Record<string, unknown> }[]) => tally(results.map(({ headers }) => String(headers['x-agent-version'])))

describe('a split', () => {
  test.each([
    { v1: 50, v2: 50 },
    { v1: 99, v2: 1 },
  ])('of $v1/$v2 is within four sigma over 2,000 calls', async (weights) => {
    await mesh.accepted(await mesh.write(splitOf('shelf', weights)))
    const results = await burst(2000, 16, () => callShelf())
    expect(tally(results.map(({ status }) => status))).toEqual(new Map([[200, 2000]]))
    const toV2 = versionsOf(results).get('v2') ?? 0
    expect(Math.abs(toV2 - 20 * weights.v2)).toBeLessThanOrEqual(fourSigma(2000, weights.v2 / 100))
  })

  test('of 0/100 sends exactly none to the version at 0', async () => {
    await mesh.accepted(await mesh.write(splitOf('shelf', { v1: 0, v2: 100 })))
    const results = await burst(2000, 16, () => callShelf())
    expect(versionsOf(results)).toEqual(new Map([['v2', 2000]]))
  })

  test('can be edited twenty times under 100 calls a second: none fails, none started after acceptance goes to weight 0', async () => {
    const stream = openLoop(100, () => callShelf())
    const phases: { from: number; to: number; only: string }[] = []
    for (let edit = 0; edit < 20; edit += 1) {
      const only = edit % 2 === 0 ? 'v1' : 'v2'
      await mesh.accepted(await mesh.write(splitOf('shelf', { v1: only === 'v1' ? 100 : 0, v2: only === 'v2' ? 100 : 0 })))
      const from = Date.now() + 1 // a call of this very millisecond may have begun before
      await new Promise((resolve) => setTimeout(resolve, 200)) // traffic under this weight, to be judged below
      phases.push({ from, to: Date.now(), only })
    }
    const results = await stream.stop()
    expect(results.filter(({ status }) => status !== 200)).toEqual([])
    for (const { from, to, only } of phases) {
      const during = results.filter(({ startedAt }) => startedAt >= from && startedAt < to)
      expect(during.length).toBeGreaterThan(0)
      expect([...versionsOf([...during]).keys()]).toEqual([only])
    }
  })
})

describe('identity', () => {
  test('every request came through the own sidecar and says who called', async () => {
    await callShelf()
    const all = [...shelf1.received, ...shelf2.received]
    expect(all.length).toBeGreaterThan(0)
    for (const { headers } of all) {
      expect(headers['x-forwarded-client-cert']).toContain('By=spiffe://mesh.local/ns/default/agent/shelf')
      expect(headers['x-forwarded-client-cert']).toContain('URI=spiffe://mesh.local/ns/default/agent/till')
    }
  })

  test('a caller cannot write the header of another identity', async () => {
    const forged = 'By=spiffe://mesh.local/ns/default/agent/vault;URI=spiffe://mesh.local/ns/default/agent/boss'
    await till.out.call('vault.default.mesh', { path: '/forged', headers: { 'x-forwarded-client-cert': forged } })
    const seen = vault.received.find(({ path }) => path === '/forged')?.headers['x-forwarded-client-cert']
    expect(seen).toContain('agent/till')
    expect(seen).not.toContain('agent/boss')
  })

  test('an Allow policy refuses everyone else with 403, and lets all in again once it is gone', async () => {
    const policy = onlyCallers('vault', ['shelf'])
    await mesh.accepted(await mesh.write(policy))
    expect((await till.out.call('vault.default.mesh')).status).toBe(403)
    expect((await shelf1.out.call('vault.default.mesh')).status).toBe(200)
    await mesh.accepted(await mesh.remove(policy))
    expect((await till.out.call('vault.default.mesh')).status).toBe(200)
  })
})

describe('refusal', () => {
  test('what a proxy refuses is shown with its words at the field; all else keeps serving, and revert clears it', async () => {
    await mesh.accepted(await mesh.write(splitOf('shelf', { v1: 100, v2: 0 })))
    const bad = routeOf('shelf', 'shelf', [
      { matches: [{ path: { type: 'RegularExpression', value: '/a(?=b)' } }], backendRefs: [{ kind: 'AgentVersion', name: 'shelf-v2' }] },
      { backendRefs: [{ kind: 'AgentVersion', name: 'shelf-v2' }] },
    ])
    const dryRun = await mesh.request<{ warnings: { code: string; pointer: string }[] }>('PUT', '/namespaces/default/httproutes/shelf?dryRun=All', bad, { 'if-match': '*' })
    expect(dryRun.body.warnings).toContainEqual(expect.objectContaining({ code: 'regex_unverified', pointer: '/spec/rules/0/matches/0/path/value' }))
    const refused = await mesh.write(bad)
    const status = await eventually('the refusal is known', 10_000, async () => {
      const now = await mesh.status(refused)
      return now.state === 'rejected' ? now : null
    })
    expect(status.rejected[0]).toMatchObject({ object: { kind: 'HTTPRoute', name: 'shelf' }, pointer: '/spec/rules/0/matches/0/path/value', reason: expect.stringMatching(/regex|invalid perl/i) })
    expect(status.accepted).toBeLessThan(status.of)

    expect((await callShelf()).headers['x-agent-version']).toBe('v1') // the old form still serves
    await mesh.accepted(await mesh.write(routeOf('vault', 'vault', [{ backendRefs: [{ kind: 'Agent', name: 'vault' }] }]))) // a later edit goes through
    expect((await till.out.call('vault.default.mesh')).status).toBe(200)

    const reverted = await mesh.request('POST', `/revisions/${refused}/revert`, {})
    await mesh.accepted(Number(reverted.headers.get('x-heddle-revision')))
    await eventually('no proxy is rejected', 5000, async () => (await mesh.proxies()).every(({ state }) => state !== 'rejected'))
  })

  test.each([
    ['a dangling reference', routeOf('shelf', 'shelf', [{ backendRefs: [{ kind: 'AgentVersion', name: 'shelf-v9' }] }]), '/spec/rules/0/backendRefs/0'],
    ['weights that are all zero', splitOf('shelf', { v1: 0, v2: 0 }), '/spec/rules/0/backendRefs'],
    ['an unknown field', { ...splitOf('shelf', { v1: 1 }), spec: { ...splitOf('shelf', { v1: 1 }).spec, wieght: 1 } }, '/spec/wieght'],
    ['a wrong type', splitOf('shelf', { v1: 'many' as unknown as number }), '/spec/rules/0/backendRefs/0/weight'],
  ])('%s is refused before any proxy sees it, with the pointer', async (_what, object, pointer) => {
    const current = await mesh.request('GET', '/namespaces/default/httproutes/shelf')
    const answer = await mesh.request<{ problems: { pointer: string }[] }>('PUT', '/namespaces/default/httproutes/shelf', object, { 'if-match': current.headers.get('etag') ?? '' })
    expect(answer.status).toBe(422)
    expect(answer.body.problems.some((problem) => problem.pointer.startsWith(pointer))).toBe(true)
  })
})

describe('who is there', () => {
  test('a third instance gets traffic within two seconds of joining, with no edit; killed, it leaves within its lease', async () => {
    await mesh.accepted(await mesh.write(splitOf('shelf', { v1: 100, v2: 0 })))
    const third = await mesh.join({ name: 'shelf', version: 'v1' })
    await using _ = third
    const stream = openLoop(50, () => callShelf())
    await eventually('the third shelf gets a call', 2000, () => third.received.length > 0)
    third.sidecar.kill('SIGKILL')
    const killed = Date.now()
    await eventually('no endpoint of it is left', 8000, async () => {
      const proxy = (await mesh.proxies()).find(({ outboundUrl }) => outboundUrl?.endsWith(`:${third.outboundPort}`))
      return proxy === undefined || proxy.state === 'disconnected'
    })
    await new Promise((resolve) => setTimeout(resolve, 7000 - Math.min(7000, Date.now() - killed))) // its lease, 6 s, and one for the push
    const before = third.received.length // its lease has run out
    const settled = Date.now()
    await new Promise((resolve) => setTimeout(resolve, 1000)) // a second of traffic that it must not get
    const results = await stream.stop()
    expect(third.received.length).toBe(before)
    expect(results.filter(({ startedAt, status }) => startedAt > settled && status !== 200)).toEqual([])
    third.restartSidecar()
    await eventually('the third shelf is back, from what it kept', 30_000, async () => {
      await callShelf()
      return third.received.length > before
    })
  })

  test('equal instances get equal shares', async () => {
    await using other = await mesh.join({ name: 'shelf', version: 'v1' })
    await eventually('both are in rotation', 5000, async () => {
      await burst(20, 4, () => callShelf())
      return other.received.length > 0
    })
    const [a, b] = [shelf1.received.length, other.received.length]
    await burst(1000, 8, () => callShelf())
    const share = (other.received.length - b) / (other.received.length - b + shelf1.received.length - a)
    expect(Math.abs(share - 0.5)).toBeLessThanOrEqual(fourSigma(1000, 0.5) / 1000)
  })

  test('with one needed proxy stopped, n stays one short of N until it runs again', async () => {
    const envoy = (await heddle.processes()).find(({ role, name }) => role === 'envoy' && name.includes('till'))
    const pids = [till.sidecar.pid, envoy?.pid].filter((pid) => pid !== undefined)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    try {
      const revision = await mesh.write(splitOf('shelf', { v1: 50, v2: 50 }))
      const short = await eventually('all others have accepted', 15_000, async () => {
        const now = await mesh.status(revision)
        if (now.of > 0 && now.pending.length === 1 && now.accepted === now.of - 1) return now
        throw new Error(JSON.stringify(now))
      })
      expect(short.state).toBe('pending')
      for (const pid of pids) process.kill(pid, 'SIGCONT')
      const done = await mesh.accepted(revision)
      expect(done.accepted).toBe(done.of)
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    }
  })
})

describe('telemetry', () => {
  test('with no exporter anywhere, the mesh counts calls and errors by edge and version as the agents did', async () => {
    await mesh.accepted(await mesh.write(splitOf('shelf', { v1: 70, v2: 30 })))
    await burst(300, 8, () => callShelf())
    await burst(40, 4, (n) => till.out.call('vault.default.mesh', { path: n % 4 === 0 ? '/broken' : '/fine' }))
    const ofTill = (agent: PlainAgent) => agent.received.filter(({ headers }) => String(headers['x-forwarded-client-cert']).includes('agent/till'))
    const expected = new Map<string, { requests: number; errors: number }>()
    for (const agent of everyone.filter(({ name }) => name !== 'till')) {
      const target = `agentversion/default/${agent.name}-${agent.version}`
      const [own, others] = [countsOf(ofTill(agent)), expected.get(target) ?? { requests: 0, errors: 0 }]
      expected.set(target, { requests: own.requests + others.requests, errors: own.errors + others.errors })
    }
    await eventually('the mesh agrees with the agents', 20_000, async () => {
      const { edges } = await mesh.graph(`from=${startedAt}&to=${new Date(Date.now() + 1000).toISOString()}&by=version`)
      for (const [target, counts] of expected) {
        const edge = edges.find((candidate) => candidate.target === target && candidate.source.includes('till'))
        // What the callee's sidecar refused by policy is an answer on the edge, and never reached the agent.
        const { requests, errors } = edge?.evidence.mesh ?? { requests: 0, errors: 0 }
        expect({ target, requests: requests - (edge?.refused ?? 0), errors }).toEqual({ target, ...counts })
      }
      return true
    })
  })
})

describe('the way out', () => {
  test('an https call through CONNECT is an edge to the outside, with its host, bytes and duration', async () => {
    await using outside = await startOutside(50_000)
    for (let n = 0; n < 3; n += 1) expect(await getThroughTunnel(till.outboundPort, outside)).toBe(50_000)
    expect(outside.requests()).toBe(3)
    await eventually('the edge is on the graph', 15_000, async () => {
      const { edges } = await mesh.graph(`from=${startedAt}&to=${new Date(Date.now() + 1000).toISOString()}`)
      const edge = edges.find(({ source, target }) => source === 'agent/default/till' && target.startsWith('external/127.0.0.2'))
      expect(edge?.bytesReceived).toBeGreaterThan(150_000)
      expect(edge?.durationMs).toBeGreaterThan(0)
      return true
    })
  })

  test('a program that tunnels to a mesh name, as `fetch` under HTTP_PROXY does, is still routed, split and identified', async () => {
    const script = `fetch('http://${SHELF}/tunnelled').then(async (r) => process.stdout.write(r.status + ' ' + r.headers.get('x-agent-version')))`
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env: { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://127.0.0.1:${till.outboundPort}` } })
    expect(stdout).toMatch(/^200 v[12]$/)
    const seen = [...shelf1.received, ...shelf2.received].find(({ path }) => path === '/tunnelled')
    expect(seen?.headers['x-forwarded-client-cert']).toContain('agent/till')
  })
})

describe('with control gone', () => {
  test('calls, new connections and a restarted sidecar go on; control comes back and changes nothing', async () => {
    const [control] = (await heddle.processes()).filter(({ role }) => role === 'control')
    const acked = async () => (await mesh.proxies()).map(({ id, types }) => [id, types])
    const before = await eventually('proxies are synced', 5000, async () => ((await mesh.proxies()).every(({ state }) => state !== 'pending') ? acked() : null))
    const stream = openLoop(50, () => callShelf())
    if (control) process.kill(control.pid, 'SIGKILL')
    await eventually('control is back', 45_000, async () => {
      const [now] = (await heddle.processes()).filter(({ role, state }) => role === 'control' && state === 'ready')
      return now !== undefined && now.pid !== control?.pid
    })
    await eventually('proxies are connected again', 30_000, async () => (await mesh.proxies()).filter(({ state }) => state === 'synced').length >= 4)
    const results = await stream.stop()
    expect(results.length).toBeGreaterThan(20)
    expect(results.filter(({ status }) => status !== 200)).toEqual([])
    expect(before.length).toBeGreaterThan(0)
  })

  test.each(['collector', 'web', 'postgres'])('a killed %s costs no call and comes back by itself', async (role) => {
    const [victim] = (await heddle.processes()).filter((entry) => entry.role === role)
    const stream = openLoop(50, () => callShelf())
    if (victim) process.kill(victim.pid, 'SIGKILL')
    await eventually(`${role} is back`, 30_000, async () => {
      const [now] = (await heddle.processes()).filter((entry) => entry.role === role && entry.state === 'ready')
      return now !== undefined && now.pid !== victim?.pid
    })
    await eventually('the API answers', 30_000, async () => (await mesh.request('GET', '/agents')).status === 200)
    const results = await stream.stop()
    expect(results.filter(({ status }) => status !== 200)).toEqual([])
  })
})

function countsOf(received: readonly { status: number }[]): { requests: number; errors: number } {
  return { requests: received.length, errors: received.filter(({ status }) => status >= 500).length }
}
