// Objects that somebody wrote to hurt: each is refused with its place, or taken with a finding, in a time that does not grow out of bounds,
// and what is compiled from it has each name once.
import { expect, test } from 'vitest'
import { ExplainRequest } from '../contracts/explain.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { GATEWAY_API } from '../contracts/meta.ts'
import { MeshObject, refOf } from '../contracts/object.ts'
import { analyzeMesh, warnOfChange } from '../mesh/analysis/analyze.ts'
import { explainCall } from '../mesh/explain.ts'
import { validateChange, validateMesh } from '../mesh/validate.ts'
import { agent, agentVersion, gateway, instance, meshState, proxyView, route } from './fixtures.ts'
import { TYPE } from './names.ts'
import { compileSnapshot, listResources } from './snapshot.ts'

/** A machine that runs other tests as well, and still no minute. */
const BOUND_MS = 20_000

const base = { agents: [agent('loom'), agent('spinner')], versions: [agentVersion('spinner', 'v1')], instances: [instance('loom', 'v1', 9001), instance('spinner', 'v1', 9101)] }

function timed<T>(work: () => T): T {
  const began = performance.now()
  const result = work()
  expect(performance.now() - began).toBeLessThan(BOUND_MS)
  return result
}

function problems(state: MeshState) {
  return validateMesh(state).filter(({ level }) => level === 'problem')
}

function writtenRoute(spec: object) {
  return MeshObject.safeParse({ apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name: 'spinner', namespace: 'default' }, spec: { parentRefs: [{ group: 'heddle.dev', kind: 'Agent', name: 'spinner' }], ...spec } })
}

function areNamesUnique(state: MeshState) {
  const names = listResources(compileSnapshot(state, proxyView('loom'), { virtualHosts: 'vhds' })).map(({ typeUrl, name }) => `${typeUrl} ${name}`)
  expect(new Set(names).size).toBe(names.length)
}

test('ten thousand rules are refused in one route; in as many routes as it takes they are compiled in bounded time, and the table is called long', { timeout: 120_000 }, () => {
  const rules = Array.from({ length: 10_000 }, (_, n) => ({ matches: [{ path: { type: 'Exact', value: `/${n}` } }], backendRefs: [{ name: 'spinner' }] }))
  const one = timed(() => writtenRoute({ rules }))
  expect(one.error?.issues).toMatchObject([{ code: 'too_big', path: ['spec', 'rules'] }])
  const routes = timed(() => Array.from({ length: 625 }, (_, n) => route(`spinner-${n}`, { parentRefs: [{ name: 'spinner' }], rules: rules.slice(n * 16, n * 16 + 16) })))
  const state = meshState({ ...base, routes })
  expect(timed(() => problems(state))).toEqual([])
  expect(timed(() => analyzeMesh(state)).filter(({ code }) => code === 'route_table_long')).toMatchObject([{ object: { kind: 'Agent', name: 'spinner' }, detail: expect.stringContaining('10000') }])
  const hosts = timed(() => compileSnapshot(state, proxyView('loom'))).resources.get(TYPE.virtualHost)
  expect(JSON.stringify(hosts?.get('outbound/spinner.default.mesh')?.json).match(/"path":"/g)?.length).toBeGreaterThanOrEqual(10_000)
  // One more rule is told of alone, and not after all others were compared with each other.
  const more = route('spinner-more', { parentRefs: [{ name: 'spinner' }], rules: [rules[0]] })
  expect(timed(() => validateChange(state, meshState({ ...state, routes: [...routes, more] }), [{ ref: refOf(more), expected: 'any', after: more }])).filter(({ level }) => level === 'problem')).toEqual([])
})

test.each([
  ['repeated repetition', '/(a+)+$'],
  ['anything, often', '/(.*a){25}'],
  ['two ways to read each letter', '/(a|aa)+$'],
  ['letters of letters', '/([a-z]+)*[0-9]'],
  ['two hundred maybes', `/${'(a?)'.repeat(200)}${'a'.repeat(200)}`],
  ['counts of counts', '/((a{1,30}){1,30}){1,30}'],
  ['neighbours that share', '/(x+x+)+y'],
  ['three hundred brackets', `/${'('.repeat(300)}a${')'.repeat(300)}`],
])('an expression of %s holds nobody up', (_, value) => {
  const written = writtenRoute({ rules: [{ matches: [{ path: { type: 'RegularExpression', value } }], backendRefs: [{ name: 'spinner' }] }, { backendRefs: [{ name: 'spinner' }] }] })
  if (!written.success) return expect(written.error.issues.map(({ path }) => path.join('/'))).toContain('spec/rules/0/matches/0/path/value')
  const state = meshState({ ...base, routes: [written.data as MeshState['routes'][number]] })
  const found = timed(() => analyzeMesh(state)).filter(({ code }) => code === 'regex_unreadable')
  const answer = timed(() => explainCall(state, ExplainRequest.parse({ from: { agent: 'loom' }, host: 'spinner', path: `/${'a'.repeat(5000)}!` })))
  // What RE2 cannot hold is told and fits nothing; either way the call goes on to the rule that takes the rest.
  expect(answer.considered.some(({ rule }) => rule === 0)).toBe(true)
  expect(found.length).toBeLessThanOrEqual(1)
  expect(answer.backends.map(({ agent: name }) => name)).toEqual(['default/spinner'])
})

test.each([
  ['a host in letters beyond ASCII', 'bücher.example'],
  ['a host in Cyrillic that looks Latin', 'аgent.example'],
  ['a host of 254 characters', `${'a'.repeat(60)}.`.repeat(4) + 'a'.repeat(10)],
  ['a host with a line feed', 'good.example\nx-evil: 1'],
  ['a star in the middle', 'a.*.example'],
  ['a star alone, twice', '**'],
  ['a host with a port', 'good.example:80'],
  ['a zero character', 'good\u0000.example'],
])('%s is refused at its place', (_, hostname) => {
  const written = writtenRoute({ hostnames: [hostname], rules: [{ backendRefs: [{ name: 'spinner' }] }] })
  expect(written.error?.issues[0]?.path).toEqual(['spec', 'hostnames', 0])
})

test.each([
  ['a label of 64 characters', `${'a'.repeat(64)}.example`],
  ['an address', '10.0.0.1'],
])('%s that an older Heddle took is refused at its place when it is written', (_, hostname) => {
  const written = route('wool', { parentRefs: [{ kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'edge' }], hostnames: [hostname], rules: [{ backendRefs: [{ name: 'spinner' }] }] })
  const findings = validateMesh(meshState({ agents: [agent('spinner')], gateways: [gateway('edge', 'spinner', [{ name: 'http', port: 8081, protocol: 'HTTP' }])], routes: [written] }))
  expect(findings.filter(({ level }) => level === 'problem').map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(['/spec/hostnames/0 wrong_format'])
})

test('names that would be one when put together stay apart, or are refused', () => {
  const agents = [agent('a-b', {}), agent('a', {}), agent('b', {}, 'default-a'), agent('a-b', {}, 'mill'), agent('default', {}, 'a')]
  const versions = [agentVersion('a-b', 'c'), agentVersion('a', 'd'), agentVersion('a-b', 'c', 'mill')]
  const instances = [instance('a-b', 'c', 9001), instance('a', 'd', 9002), instance('a', 'b-c', 9003), instance('a-b', 'c', 9004, { id: 'mill-1', namespace: 'mill' })]
  const state = meshState({ agents, versions, instances })
  areNamesUnique(state)
  expect(analyzeMesh(state).map(({ code }) => code)).toContain('version_name_ambiguous')
})

test('mirrors in a circle copy each call once and end, and a mirror to itself is told', () => {
  const mirrored = (name: string, to: string) => route(name, { parentRefs: [{ name }], rules: [{ filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: to } } }], backendRefs: [{ name }] }] })
  const names = ['one', 'two', 'three']
  const circle = meshState({ agents: names.map((name) => agent(name)), versions: [], instances: names.map((name, n) => instance(name, 'v1', 9001 + n)), routes: [mirrored('one', 'two'), mirrored('two', 'three'), mirrored('three', 'one')] })
  const hosts = timed(() => compileSnapshot(circle, proxyView('one'))).resources.get(TYPE.virtualHost)
  for (const [n, name] of names.entries()) {
    const text = JSON.stringify(hosts?.get(`outbound/${name}.default.mesh`)?.json)
    expect(text.match(/request_mirror_policies/g)).toHaveLength(1)
    expect(text).toContain(`default/${names[(n + 1) % 3]}/v1`)
    expect(text).not.toContain(`default/${names[(n + 2) % 3]}/v1`)
  }
  areNamesUnique(circle)
  expect(timed(() => analyzeMesh({ ...circle, routes: [mirrored('one', 'one')] })).map(({ code }) => code)).toContain('mirror_doubles')
})

test('conflicting routes that come at once: all are compiled in the one order of the Gateway API, and who loses is told so', () => {
  const at = (name: string) => route(name, { parentRefs: [{ name: 'spinner' }], rules: [{ matches: [{ path: { type: 'Exact', value: '/same' } }], backendRefs: [{ name: 'spinner' }] }] })
  const routes = ['c', 'a', 'b'].map((name) => ({ ...at(name), metadata: { ...at(name).metadata, creationTimestamp: '2026-01-01T00:00:00.000Z' } }))
  const [before, after, turned] = [meshState(base), meshState({ ...base, routes }), meshState({ ...base, routes: routes.toReversed() })]
  const told = warnOfChange(before, after).filter(({ code }) => code === 'routes_conflict')
  expect(told.map(({ object }) => object.name).sort()).toEqual(['b', 'c'])
  const bytes = (state: MeshState) => compileSnapshot(state, proxyView('loom')).resources.get(TYPE.virtualHost)?.get('outbound/spinner.default.mesh')?.version
  expect(bytes(after)).toBe(bytes(turned))
})
