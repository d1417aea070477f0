// Envoy's own judgement of what is compiled: everything one proxy gets, laid out as a static configuration, under `envoy --mode validate`.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agent, agentVersion, instance, meshState, proxyView } from '../compile/fixtures.ts'
import { compileDirectCluster } from '../compile/cluster.ts'
import type { Json } from '../compile/encode.ts'
import { CLUSTER } from '../compile/names.ts'
import { compileSnapshot, listResources } from '../compile/snapshot.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { refOf } from '../contracts/object.ts'
import { applyChanges } from '../mesh/change.ts'
import { validateMesh } from '../mesh/validate.ts'
import { findEnvoy } from '../run/envoy.ts'
import { writeBootstrap } from '../sidecar/bootstrap.ts'
import { randomTable, WORLD } from './random-routes.ts'
import { seeded } from './seeded.ts'

/** By `TYPE NAME`, as the golden files have them. */
type Resources = Record<string, Json>

const ofType = (resources: Resources, type: string) => Object.entries(resources).flatMap(([key, json]) => (key.startsWith(`${type} `) ? [withoutType(json)] : []))
function withoutType(resource: Json): Json {
  const { '@type': _, ...fields } = resource
  return fields
}

/** Endpoints in their clusters and virtual hosts in their listeners; a static route configuration is held against the clusters too. */
function asStatic(resources: Resources) {
  const endpoints = new Map(ofType(resources, 'ClusterLoadAssignment').map((one) => [one['cluster_name'], one]))
  const clusters = ofType(resources, 'Cluster').map(({ eds_cluster_config, ...cluster }) => (eds_cluster_config ? { ...cluster, type: 'STATIC', load_assignment: endpoints.get(cluster['name']) } : cluster))
  // Its route is for intercepted calls alone, and only a transparent sidecar gets the cluster.
  if (!clusters.some((one) => one['name'] === CLUSTER.direct)) clusters.push(compileDirectCluster())
  const hosts = ofType(resources, 'VirtualHost')
  const routes = new Map(ofType(resources, 'RouteConfiguration').map(({ vhds, virtual_hosts = [], ...routes }) => [routes['name'], { ...routes, virtual_hosts: vhds ? [...(virtual_hosts as Json[]), ...hosts] : virtual_hosts }])) // hosts are a list
  const inlined = JSON.parse(JSON.stringify(ofType(resources, 'Listener')), (key, value: Json) => {
    if (!value?.['rds']) return value
    const { rds, ...manager } = value
    return { ...manager, route_config: routes.get((rds as Json)['route_config_name']) } // an Rds message
  })
  return { clusters, listeners: inlined as Json[] }
}

async function judge(resources: Resources): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-judge-'))
  try {
    const frame = JSON.parse(writeBootstrap({ proxyId: 'judged-1', mesh: 'local', namespace: 'default', agent: 'judged', version: 'v1', zone: '', admin: { port: 0 }, socket: join(directory, 's'), cardSocket: join(directory, 'c') }))
    const { clusters, listeners } = asStatic(resources)
    const { dynamic_resources: _, ...whole } = frame
    const file = join(directory, 'envoy.json')
    await writeFile(file, JSON.stringify({ ...whole, static_resources: { clusters: [...frame.static_resources.clusters, ...clusters], listeners } }))
    const { path } = await findEnvoy({ envoyPath: process.env['ENVOY_PATH'] ?? '' })
    return await new Promise((done) => execFile(path, ['--mode', 'validate', '-c', file, '-l', 'error', '--use-dynamic-base-id'], (_error, out, errors) => done(`${out}${errors}`.replace(file, 'FILE'))))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const GOOD = 'configuration \'FILE\' OK\n'
const golden = async (name: string): Promise<Resources> => JSON.parse(await readFile(new URL(`../compile/testdata/${name}.json`, import.meta.url), 'utf8'))
const compiled = (state: MeshState, name: string): Resources => Object.fromEntries(listResources(compileSnapshot(state, proxyView(name))).map((one) => [`${one.typeUrl.split('.').at(-1)} ${one.name}`, one.json]))

test.each(['loom', 'spinner'])('Envoy takes the whole golden snapshot of %s', async (name) => {
  expect(await judge(await golden(name))).toBe(GOOD)
}, 60_000)

test('it would say so of a virtual host that is wrong: an expression, a cluster that is not there, a host twice', async () => {
  const whole = await golden('loom')
  const name = 'VirtualHost outbound/spinner.default.mesh'
  const [host, ...rest] = [whole[name] as Json & { routes: Json[] }, ...Object.keys(whole)] // the golden mesh has it, with routes
  expect(rest).toContain('VirtualHost outbound/dyer.default.mesh')
  const wrong = (change: Json): Promise<string> => judge({ ...whole, [name]: { ...host, ...change } })
  expect(await wrong({ routes: [{ match: { safe_regex: { regex: '(?=a)' } }, route: { cluster: 'local' } }] })).toContain('invalid perl operator')
  expect(await wrong({ routes: [{ match: { prefix: '/' }, route: { cluster: 'nobody' } }] })).toContain('unknown cluster')
  expect(await wrong({ domains: ['dyer.default.mesh'] })).toContain('Only unique values for domains are permitted')
}, 120_000)

test('Envoy takes what random tables of routes and policies compile to, whenever our validator does', async () => {
  const random = seeded(Number(process.env['HEDDLE_SEED'] ?? 1))
  const base = applyChanges(meshState({ instances: [instance('callee', 'v1', 9001), instance('callee', 'v2', 9002), instance('other', 'v1', 9003), instance('caller', 'v1', 9004)] }), [...WORLD, agent('caller'), agentVersion('callee', 'v1')].map((after) => ({ ref: refOf(after), expected: 'any', after })))
  let judged = 0
  for (let table = 0; table < 60 && judged < 8; table++) {
    const state = applyChanges(base, randomTable(random).map((after) => ({ ref: refOf(after), expected: 'any', after })))
    if (validateMesh(state).some((finding) => finding.level === 'problem')) continue
    judged++
    expect([table, await judge(compiled(state, 'callee'))]).toEqual([table, GOOD])
  }
  expect(judged).toBe(8)
}, 240_000)
