// Delta clients and real Envoys together at one control process, which is a process of its own: what happens when all of them come at once.
import { agent, agentVersion } from '../compile/fixtures.ts'
import { TYPE } from '../compile/names.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { openFleetClient, type FleetClient } from './fleet.ts'
import { eventually } from './load.ts'
import type { LoneControl } from './lone-process.ts'
import type { NativeMesh, TestProxy } from './native-mesh.ts'

export interface Clients extends Disposable {
  clients: FleetClient[]
}

/** The first `count` proxies of a fleet; `back` says what each holds when it is one that comes back. */
export function openAll(port: number, count: number, back: (index: number) => FleetClient['held'] | undefined = () => undefined): Clients {
  const clients = Array.from({ length: count }, (_, index) => openFleetClient(port, index, () => {}, back(index)))
  return { clients, [Symbol.dispose]: () => clients.forEach((client) => client[Symbol.dispose]()) }
}

/** Throws for one that lost its stream. */
export function findLost(clients: readonly FleetClient[]): void {
  const lost = clients.find((client) => client.ended !== null)
  if (lost) throw new Error(`proxy-${lost.index} lost its stream: ${lost.ended}`)
}

/** An agent that Envoys reach, each beside an agent of its own in the namespace `default`. */
export const MOVING = 'moving'

/** `count` Envoys that know `port` alone, a few at a time: each start is a process. They and MOVING reach each other, and the fleet does not reach them. */
export async function addEnvoys(mesh: NativeMesh, count: number, port: number, names: (index: number) => string = (index) => `envoy-${index}`): Promise<TestProxy[]> {
  const all = [MOVING, ...Array.from({ length: count }, (_, index) => names(index))]
  await mesh.commit(all.flatMap((name) => [agent(name, { exportTo: [] }), agentVersion(name, 'v1')]))
  await mesh.db.pool.query(`insert into instance (mesh, id, namespace, agent, version, address, port, source) values ('local', $1, 'default', $1, 'v1', '10.9.9.9', 9000, 'sidecar')`, [MOVING])
  return Promise.all(all.slice(1).map((name) => mesh.addProxy(name, { controls: [port], waitReady: false })))
}

/** An instance goes to another port, as when its sidecar starts again elsewhere. */
export async function movePort(db: Db, ids: readonly string[], port: number): Promise<void> {
  await db.pool.query(`update instance set port = $2 where mesh = 'local' and id = any($1)`, [ids, port])
  await notify(db.pool, 'instance', { mesh: 'local' })
}

/** For each Envoy the time until the store has that it took a version of the endpoints other than it had; by `since` of performance.now(). */
export async function takenByEnvoys(db: Db, envoys: readonly TestProxy[], cluster: string, before: ReadonlyMap<string, string>, since: number, withinMs: number): Promise<number[]> {
  const times = new Map<string, number>()
  await eventually(`${envoys.length} Envoys take the endpoints of ${cluster}`, withinMs, async () => {
    for (const [id, acked] of await ackedEndpoints(db, cluster)) if (!times.has(id) && acked !== before.get(id)) times.set(id, performance.now() - since)
    return envoys.every(({ id }) => times.has(id))
  })
  return envoys.map(({ id }) => times.get(id) ?? Number.POSITIVE_INFINITY)
}

export async function ackedEndpoints(db: Db, cluster: string): Promise<Map<string, string>> {
  const { rows } = await db.pool.query<{ proxy: string; acked: string }>('select proxy, acked from proxy_resource where type_url = $1 and name = $2 and acked is not null', [TYPE.endpoints, cluster])
  return new Map(rows.map(({ proxy, acked }) => [proxy, acked]))
}

export async function killControl(control: LoneControl): Promise<void> {
  process.kill(control.pid, 'SIGKILL')
  await control.ended
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
