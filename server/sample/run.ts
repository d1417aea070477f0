// Runs the sample fleet, as anyone could: objects through the REST API, agents as plain processes, sidecars by `heddle sidecar`.
// Started by `heddle sample run`; ends on SIGTERM, or when the fleet is removed in the console.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openApi, type Api } from '#server/cli/client.ts'
import { readConfig, type Config } from '#server/config.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { SAMPLE_KNOBS_DEFAULT, SampleDesired, type SampleKnobs, type SampleReport } from '#server/contracts/sample.ts'
import { announceProcess, OWNER_VARIABLE } from '#server/run/registry.ts'
import { FLEET } from './fleet.ts'
import { endStarted, writeStarted } from './leftovers.ts'
import { firstObjects, objectPath, routeObjects, VERSIONS, type SampleObject } from './objects.ts'
import { startInstance, type Instance } from './processes.ts'
import { socketDirectory } from './sockets.ts'
import { freePorts } from './free-ports.ts'
import { startTraffic, type Traffic } from './traffic.ts'

const REPORT_EVERY_MS = 1000
const RETRY_MS = 500
const DRAIN_MS = 3000
const STAGGER_MS = 250

type Log = (sentence: string) => void

export interface RunOptions {
  signal: AbortSignal
  log: Log
  /** Called once the gateway takes tasks. */
  onReady: () => void
}

/** Runs the fleet until `signal` is aborted or the API says that it has been removed. */
export async function runSample(config: Config, { signal, log, onReady }: RunOptions): Promise<void> {
  const started = join(config.home, 'sample', 'started.json')
  await endStarted(started)
  const api = await untilApi(config, signal)
  if (!(await isWanted(api, config, signal))) return log('the sample fleet was removed; "heddle sample run" brings it back')
  await writeMissing(api, firstObjects(), signal)
  const instances = await startFleet(config, started, log)
  const traffic = startTraffic(`http://127.0.0.1:${config.sampleGatewayPort}/`)
  const becomeReady = async () => {
    await writeRoutes(api, config, signal)
    await untilAnswering(config, signal)
    traffic.begin()
    onReady()
    await aborted(signal)
  }
  try {
    await Promise.race([reportUntilRemoved(api, instances, traffic, signal), becomeReady()])
  } finally {
    await traffic.stop(DRAIN_MS)
    await Promise.all(instances.map((instance) => instance.stop()))
  }
}

/** A fleet that a person removed stays away, unless the setting asks for it by name or a person runs it. */
async function isWanted(api: Api, config: Config, signal: AbortSignal): Promise<boolean> {
  const traffic = { started: 0, ok: 0, failed: 0, skipped: 0, inFlight: 0 }
  const report: SampleReport = { knobs: SAMPLE_KNOBS_DEFAULT, traffic, agents: [] }
  const { running, ...knobs } = await retryUnavailable(async () => SampleDesired.parse((await api.request('POST', '/sample/report', { body: report })).body), signal)
  const asked = config.sample === 'on' || process.env[OWNER_VARIABLE] === undefined
  if (!running && asked) await api.request('PUT', '/sample', { body: knobs })
  return running || asked
}

async function startFleet(config: Config, started: string, log: Log): Promise<Instance[]> {
  const members = FLEET.flatMap(({ role, versions }) => versions.map((version, i) => ({ agent: role, version, instance: instanceName(role, versions, i) })))
  const directory = socketDirectory(config.home)
  const ports = await freePorts(members.length)
  const instances: Instance[] = []
  const onChange = () => writeStarted(started, instances.flatMap((instance) => instance.running()))
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${config.bind}:${config.otlpGrpcPort}`, ...process.env, HEDDLE_HOME: config.home }
  for (const [i, member] of members.entries()) {
    const outboundPort = ports[i]! // as many ports as members
    const socket = join(directory, `${member.instance}.sock`)
    instances.push(startInstance({ ...member, socket, outboundPort, trustDomain: config.trustDomain, home: config.home, env, log, onChange }))
    await sleep(STAGGER_MS) // on a small machine all at once would have all of them late
  }
  return instances
}

/** `translator-v2`; with a number where a version has more than one replica: `researcher-v1-2`. */
function instanceName(role: string, versions: readonly string[], i: number): string {
  const version = versions[i] ?? 'v1'
  const replicas = versions.filter((other) => other === version).length
  return replicas === 1 ? `${role}-${version}` : `${role}-${version}-${i + 1}`
}

/** A backendRef must name a version that exists, and a version exists once its first sidecar has joined. */
async function writeRoutes(api: Api, config: Config, signal: AbortSignal): Promise<void> {
  for (const name of VERSIONS) await untilExists(api, `/namespaces/default/agentversions/${name}`, signal)
  await writeMissing(api, routeObjects(config.sampleGatewayPort), signal)
}

/** An empty task is refused with 400 by the gateway agent, and by nobody before it. */
async function untilAnswering(config: Config, signal: AbortSignal): Promise<void> {
  const url = `http://127.0.0.1:${config.sampleGatewayPort}/`
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
  const answers = () => fetch(url, init).then(({ status }) => status === 400, () => false)
  while (!signal.aborted && !(await answers())) await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
}

async function reportUntilRemoved(api: Api, instances: readonly Instance[], traffic: Traffic, signal: AbortSignal): Promise<void> {
  let knobs: SampleKnobs = SAMPLE_KNOBS_DEFAULT
  while (!signal.aborted) {
    traffic.setRate(knobs.rate)
    for (const instance of instances) instance.tell({ kind: 'failureShare', share: knobs.failureShare })
    const agents = (await Promise.all(instances.map((instance) => instance.report()))).filter((report) => report !== null)
    const report: SampleReport = { knobs, traffic: { ...traffic.counts }, agents }
    const desired = await sendReport(api, report)
    if (desired && !desired.running) return
    if (desired) knobs = { rate: desired.rate, failureShare: desired.failureShare }
    await sleep(REPORT_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Null while the API is away: the fleet goes on as it was told last. */
async function sendReport(api: Api, report: SampleReport): Promise<SampleDesired | null> {
  try {
    return SampleDesired.parse((await api.request('POST', '/sample/report', { body: report })).body)
  } catch {
    return null
  }
}

/** Writes what is not there; what is there may have been changed by a person, and stays. */
async function writeMissing(api: Api, objects: readonly SampleObject[], signal: AbortSignal): Promise<void> {
  for (const object of objects) {
    const path = objectPath(object)
    if (await exists(api, path)) continue
    await retryUnavailable(() => api.request('PUT', path, { body: object }), signal)
  }
}

async function untilExists(api: Api, path: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await exists(api, path).catch(() => false))) await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
}

async function exists(api: Api, path: string): Promise<boolean> {
  try {
    await api.get(path)
    return true
  } catch (error) {
    if (error instanceof MeshError && error.code === 'not_found') return false
    throw error
  }
}

async function untilApi(config: Config, signal: AbortSignal): Promise<Api> {
  return retryUnavailable(async () => {
    const api = openApi(config)
    await api.get('/agents', { limit: 1 })
    return api
  }, signal)
}

async function retryUnavailable<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MeshError && error.code === 'unavailable') || signal.aborted) throw error
      await sleep(RETRY_MS)
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })))
}

/** The program: its signals, its place in the list of processes, its exit code. */
export async function runSampleProgram(): Promise<void> {
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  process.once('SIGINT', () => stop.abort())
  const config = readConfig()
  await using entry = announceProcess({ role: 'sample', state: 'starting' })
  const onReady = () => {
    entry.update({ state: 'ready', ports: { http: config.sampleGatewayPort } })
    console.log(`try it: curl -H 'content-type: application/json' -d '{"task":"Explain tides in German"}' http://127.0.0.1:${config.sampleGatewayPort}/`)
  }
  try {
    await runSample(config, { signal: stop.signal, log: (sentence) => console.log(sentence), onReady })
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}
