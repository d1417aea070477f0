// In which order real Envoys get what they get, while calls run; each in both variants.
import { describe, expect, test } from 'vitest'
import { agent, route } from '../compile/fixtures.ts'
import type { Resource } from '../compile/encode.ts'
import { CLUSTER, TYPE } from '../compile/names.ts'
import { readProxies } from '../queries/proxies.ts'
import { testDatabase } from '../testing/database.ts'
import { eventually, openLoop, tally } from '../testing/load.ts'
import { startAgent, startNativeMesh } from '../testing/native-mesh.ts'
import { limit } from '../testing/raw-stream.ts'
import type { Watch } from '../testing/test-control.ts'

describe.each(['delta', 'sotw'] as const)('%s', (variant) => {
  test('a fresh proxy asks for clusters, endpoints, listeners, routes in this order, and serves three agents within 3 s', async () => {
    const watch = new PushWatch()
    await using db = await testDatabase()
    await using mesh = await startNativeMesh(db, [], { watch })
    const names = ['anvil', 'bellows', 'tongs']
    await mesh.commit([agent('smith'), ...names.map((name) => agent(name))])
    for (const name of names) await mesh.addProxy(name)
    const smith = await mesh.addProxy('smith', { variant })
    for (const name of names) expect((await smith.out.call(`${name}.default.mesh`)).status, smith.log()).toBe(200)
    const events = watch.of(smith.id)
    const asked = [...new Set(events.filter((event) => event.kind === 'request').map((event) => event.typeUrl))]
    expect(asked.slice(0, 4)).toEqual([TYPE.cluster, TYPE.endpoints, TYPE.listener, TYPE.routes])
    const first = (kind: string, typeUrl: string) => events.findIndex((event) => event.kind === kind && event.typeUrl === typeUrl)
    expect(first('response', TYPE.listener)).toBeGreaterThan(first('ack', TYPE.cluster))
    expect(first('response', TYPE.routes)).toBeGreaterThan(first('response', TYPE.listener))
    const settled = events.findLast((event) => event.kind === 'ack' && event.at < events[0]!.at + 10_000)
    expect(settled!.at - events[0]!.at).toBeLessThan(3000)
    expect(watch.tooEarly).toEqual([])
  })

  test('fifty times a name moves to an agent that has just come, while calls run: none fails, and no route goes before its clusters are taken', { timeout: 180_000 }, async () => {
    const watch = new PushWatch()
    await using db = await testDatabase()
    await using mesh = await startNativeMesh(db, [], { watch })
    await using server = await startAgent('any')
    const target = (round: number) => agent(`target-${round}`, { instances: [{ address: '127.0.0.1', port: server.port }] })
    const tower = (round: number) => route('tower', { parentRefs: [{ name: 'tower' }], rules: [{ backendRefs: [{ name: `target-${round}` }] }] })
    await mesh.commit([agent('pilot'), agent('tower'), target(0), tower(0)])
    const pilot = await mesh.addProxy('pilot', { variant })
    expect((await pilot.out.call('tower.default.mesh')).status).toBe(200)
    const load = openLoop(200, () => pilot.out.call('tower.default.mesh'))
    for (let round = 1; round <= 50; round++) {
      const remove = round > 3 ? [{ kind: 'Agent' as const, namespace: 'default', name: `target-${round - 2}` }] : []
      await mesh.accepted(await mesh.commit([target(round), tower(round)], remove), 10_000)
    }
    const results = await load.stop()
    expect(results.length).toBeGreaterThan(500)
    expect(results.filter((result) => result.status !== 200).map((result) => `${result.status} ${result.body} ${result.error}`)).toEqual([])
    expect(watch.tooEarly).toEqual([])
    expect(watch.of(pilot.id).filter((event) => event.kind === 'response' && event.names.some((name) => /target-50\//.test(name)))).not.toEqual([])
    expect(await pilot.stat('http.outbound.no_cluster')).toBe(0)
  })

  test('of the calls to an agent that is deleted each is answered by it, or hears that there is no such name', { timeout: 60_000 }, async () => {
    await using db = await testDatabase()
    await using mesh = await startNativeMesh(db)
    await mesh.commit([agent('widow'), agent('gone'), agent('stays')])
    const widow = await mesh.addProxy('widow', { variant })
    await mesh.addProxy('gone', { variant })
    expect((await widow.out.call('gone.default.mesh')).status).toBe(200)
    const load = openLoop(200, () => widow.out.call('gone.default.mesh'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    await mesh.accepted(await mesh.commit([], [{ kind: 'Agent', namespace: 'default', name: 'gone' }]), 10_000)
    await eventually('the cluster is gone too', 30_000, async () => !(await widow.admin('/clusters')).includes('default/gone/v1'))
    const results = await load.stop()
    const kinds = tally(results.map((result) => `${result.status} ${result.error ?? result.body.trim()}`))
    expect([...kinds.keys()].sort()).toEqual(['200 v1', '404 no agent of this name can be called from here'])
    const lastServed = Math.max(...results.filter((result) => result.status === 200).map((result) => result.startedAt))
    const firstRefused = Math.min(...results.filter((result) => result.status === 404).map((result) => result.startedAt))
    expect(firstRefused).toBeGreaterThan(lastServed - 500) // one turn, not a flicker
    for (const stat of ['http.outbound.no_cluster', 'cluster.default/gone/v1.upstream_cx_connect_fail', 'cluster.default/gone/v1.upstream_rq_5xx']) expect(await widow.stat(stat)).toBe(0)
  })

  test('a changed cluster has its endpoints again within half a second', async () => {
    const watch = new PushWatch()
    await using db = await testDatabase()
    await using mesh = await startNativeMesh(db, [], { watch })
    await mesh.commit([agent('customer'), agent('shop')])
    const customer = await mesh.addProxy('customer', { variant })
    await mesh.addProxy('shop')
    expect((await customer.out.call('shop')).status).toBe(200)
    const began = watch.of(customer.id).length
    await mesh.accepted(await mesh.commit([limit('shop', 77)]))
    const [pushed, taken] = (['response', 'ack'] as const).map((kind) => watch.of(customer.id).slice(began).find((event) => event.kind === kind && event.typeUrl === TYPE.cluster))
    expect(taken!.at - pushed!.at).toBeLessThan(500)
    expect(await customer.stat('cluster.default/shop/v1.init_fetch_timeout')).toBe(0)
    expect(await customer.stat('cluster.default/shop/v1.assignment_use_cached')).toBe(0)
    expect((await customer.out.call('shop')).status).toBe(200)
  })

  test('while a proxy waits for endpoints its change is pending and nothing is refused; with them it is taken', async () => {
    let held: (() => void)[] | null = null
    const watch: Watch = { response: (proxy, { typeUrl }, send) => void (held && typeUrl === TYPE.endpoints && proxy.startsWith('waiter') ? held.push(send) : send()) }
    await using db = await testDatabase()
    await using mesh = await startNativeMesh(db, [], { watch })
    await mesh.commit([agent('waiter'), agent('kitchen')])
    const waiter = await mesh.addProxy('waiter', { variant })
    await mesh.addProxy('kitchen')
    const waiting: (() => void)[] = (held = [])
    const revision = await mesh.commit([limit('kitchen', 5)])
    await eventually('the endpoints that are held back', 5000, () => waiting.length > 0)
    await eventually('it is shown', 5000, async () => (await readProxies(db, 'local', { limit: 1, id: waiter.id }))[0]?.state === 'pending') // a push is written a moment after it went
    for (const until = performance.now() + 3000; performance.now() < until; await new Promise((resolve) => setTimeout(resolve, 200))) {
      expect(await mesh.status(revision)).toMatchObject({ state: 'pending', rejected: [] })
      const [shown] = await readProxies(db, 'local', { limit: 1, id: waiter.id })
      expect(shown).toMatchObject({ state: 'pending', types: { [TYPE.cluster]: { state: 'pending', reason: null } } })
    }
    expect((await waiter.out.call('kitchen.default.mesh')).status).toBe(200) // by what it had
    held = null
    for (const send of waiting) send()
    await mesh.accepted(revision, 1000)
  })
})

interface PushEvent {
  kind: 'request' | 'ack' | 'refusal' | 'response'
  typeUrl: string
  names: string[]
  at: number
}

/**
 * Who was sent what, and took what, in order; and routes that went out before a cluster they name was taken. The way of intercepted calls does
 * not count: only a transparent proxy has its cluster, and only that sets the header its route asks for.
 */
class PushWatch implements Watch {
  readonly tooEarly: string[] = []
  readonly #events = new Map<string, PushEvent[]>()
  readonly #sent = new Map<string, string[]>()
  readonly #taken = new Set<string>()

  of(proxy: string): readonly PushEvent[] {
    return this.#events.get(proxy) ?? []
  }

  request(proxy: string, request: Parameters<NonNullable<Watch['request']>>[1]): void {
    const names = this.#sent.get(`${proxy} ${request.nonce}`)
    this.#note(proxy, { kind: !names ? 'request' : request.refusal === null ? 'ack' : 'refusal', typeUrl: request.typeUrl, names: names ?? request.subscribe, at: performance.now() })
    if (request.typeUrl === TYPE.cluster && request.refusal === null) for (const name of names ?? []) this.#taken.add(`${proxy} ${name}`)
  }

  response(proxy: string, response: Parameters<NonNullable<Watch['response']>>[1], send: () => void): void {
    const resources = response.resources as Resource[] // a session sends what was compiled
    this.#note(proxy, { kind: 'response', typeUrl: response.typeUrl, names: resources.flatMap(({ name, needs }) => [name, ...needs]), at: performance.now() })
    this.#sent.set(`${proxy} ${response.nonce}`, resources.map(({ name }) => name))
    for (const { name, needs } of resources) for (const need of needs) if (need !== CLUSTER.direct && !this.#taken.has(`${proxy} ${need}`)) this.tooEarly.push(`${name} before ${need}`)
    send()
  }

  #note(proxy: string, event: PushEvent): void {
    this.#events.set(proxy, [...this.of(proxy), event])
  }
}
