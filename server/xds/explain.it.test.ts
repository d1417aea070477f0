// What explain says and what real Envoys do are the same, on random routes, policies and requests. `HEDDLE_DIFFERENTIAL=20000` asks
// for that many requests, `HEDDLE_SEED` begins elsewhere.
import { Agent as HttpAgent, request } from 'node:http'
import { expect, test } from 'vitest'
import { meshState } from '../compile/fixtures.ts'
import type { Explanation, ExplainRequest } from '../contracts/explain.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import { readMeshState } from '../db/mesh-state.ts'
import { applyChanges } from '../mesh/change.ts'
import { explainCall } from '../mesh/explain.ts'
import { normalizePath } from '../mesh/rewrite.ts'
import { validateMesh } from '../mesh/validate.ts'
import { testDatabase } from '../testing/database.ts'
import { startNativeMesh, type TestProxy } from '../testing/native-mesh.ts'
import { randomRequest, randomTable, WORLD } from '../testing/random-routes.ts'
import { seeded } from '../testing/seeded.ts'

const REQUESTS = Number(process.env['HEDDLE_DIFFERENTIAL'] ?? 1500)
const SEED = Number(process.env['HEDDLE_SEED'] ?? 1)
const PER_TABLE = 150
const AT_ONCE = 15

interface Seen {
  status: number
  rule: string | undefined
  location: string | undefined
  /** What the agent says of itself and of the call, when one answered. */
  agent: { version: string; path: string; host: string } | null
}

test(`explain agrees with real Envoys on ${REQUESTS} requests`, async () => {
  await using db = await testDatabase()
  await using mesh = await startNativeMesh(db)
  await mesh.commit([...WORLD])
  const caller = await mesh.addProxy('caller')
  for (const [agent, version] of [['callee', 'v1'], ['callee', 'v2'], ['other', 'v1']] as const) tellTales(await mesh.addProxy(agent, { version }), `${agent}/${version}`)
  const random = seeded(SEED)
  const http = new HttpAgent({ keepAlive: true, maxSockets: AT_ONCE })
  let last: MeshObject[] = []
  let asked = 0
  const outcomes = new Map<string, number>()
  while (asked < REQUESTS) {
    const table = randomTable(random)
    if (!isValid(table)) continue
    const gone = last.map(refOf).filter((ref) => !table.some((object) => object.kind === ref.kind && object.metadata.name === ref.name))
    await mesh.accepted(await mesh.commit(table, gone), 15_000)
    last = table
    const state = await readMeshState(db, 'local')
    for (let batch = 0; batch < PER_TABLE; batch += AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          const wanted = randomRequest(random)
          const said = explainCall(state, wanted)
          const seen = await ask(http, caller.outboundPort, wanted)
          const why = disagreement(said, seen)
          if (why) throw new Error(`${why}\n${JSON.stringify({ wanted, seen, said, table }, null, 1)}`)
          const kind = said.outcome.kind === 'forward' ? `forward ${seen.status}` : said.outcome.kind
          outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
        }),
      )
    asked += PER_TABLE
  }
  http.destroy()
  expect(asked).toBeGreaterThanOrEqual(REQUESTS)
  for (const kind of ['forward 200', 'forward 403', 'redirect', 'answer']) expect(outcomes.get(kind) ?? 0, kind).toBeGreaterThan(0) // the vocabularies meet
}, 60_000 + REQUESTS * 40)

function isValid(table: readonly MeshObject[]): boolean {
  const state = applyChanges(meshState({}), [...WORLD, ...table].map((after) => ({ ref: refOf(after), expected: 'any' as const, after })))
  return validateMesh(state).every((finding) => finding.level !== 'problem')
}

function tellTales(proxy: TestProxy, version: string): void {
  proxy.agent.server.removeAllListeners('request')
  proxy.agent.server.on('request', (incoming, response) => {
    incoming.resume()
    response.end(JSON.stringify({ version, path: incoming.url, host: incoming.headers.host }))
  })
}

function ask(agent: HttpAgent, port: number, { host, path, method, headers }: ExplainRequest): Promise<Seen> {
  return new Promise((resolve, reject) => {
    request({ agent, host: '127.0.0.1', port, method, path, headers: { ...headers, host, 'content-length': '0' } }, (response) => {
      let body = ''
      response.on('data', (part) => (body += String(part)))
      response.on('end', () => {
        const rule = response.headers['x-rule']
        resolve({ status: response.statusCode ?? 0, rule: rule === undefined ? undefined : String(rule), location: response.headers.location, agent: body.startsWith('{') ? (JSON.parse(body) as Seen['agent']) : null })
      })
    })
      .on('error', reject)
      .end()
  })
}

/** Null when what was said is what happened. */
function disagreement(said: Explanation, seen: Seen): string | null {
  const { outcome } = said
  const won = said.considered.find((one) => one.won)
  if (won && seen.rule !== (won.ruleName ?? undefined)) return `another rule won: ${seen.rule}, not ${won.ruleName}`
  switch (outcome.kind) {
    case 'external':
      return 'a mesh name went outside'
    case 'answer':
      return seen.status === outcome.status ? null : `${seen.status}, not ${outcome.status}`
    case 'redirect':
      return seen.status === outcome.status && seen.location === outcome.location ? null : `${seen.status} to ${seen.location}`
    case 'forward': {
      const path = normalizePath(outcome.path)
      if (path === null) return seen.status === 400 ? null : `${seen.status}, not 400`
      const refusing = said.policies.filter((policy) => !policy.allowed)
      if (seen.status === 403) return refusing.length > 0 ? null : 'refused, although every policy lets it in'
      if (seen.status !== 200 || !seen.agent) return `${seen.status}`
      const [name, version] = seen.agent.version.split('/')
      if (!said.backends.some((backend) => backend.share > 0 && backend.agent === `default/${name}` && backend.version === version)) return `${seen.agent.version} is none of the backends`
      if (refusing.some((policy) => policy.agent === `default/${name}`)) return `${name} took it, although its policies refuse it`
      if (seen.agent.path !== path) return `the agent saw ${seen.agent.path}, not ${path}`
      return seen.agent.host.toLowerCase() === outcome.host.toLowerCase() ? null : `the agent saw host ${seen.agent.host}, not ${outcome.host}`
    }
  }
}
