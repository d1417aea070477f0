// A mesh whose tasks go by what they say: real Envoys, the real model and a real store.
import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js'
import { agent, agentRoute } from '../compile/fixtures.ts'
import { parseSpiffeId } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { parseAllowList } from '../fetch/addresses.ts'
import { SEMANTIC_DEFINITION } from '../semantic/service.ts'
import { startSemantic } from '../semantic/start.ts'
import { testDatabase } from './database.ts'
import { eventually, type CallOptions } from './load.ts'
import { startNativeMesh, type TestProxy } from './native-mesh.ts'
import { IDENTITY_HEADER } from './test-control.ts'

const capability = (id: string, description: string, examples: string[]) => ({ capabilities: [{ id, name: id.replaceAll('-', ' '), description, examples }] })
const TRANSLATOR = agent('translator', capability('translate-text', 'Translates documents and sentences between languages', ['translate this letter into French', 'what is the German word for bridge', 'render the contract in Spanish']))
const LAWYER = agent('lawyer', capability('review-contracts', 'Reads contracts and points at legal risks', ['which clauses of this agreement are risky', 'is this non-compete enforceable', 'check the liability section']))
const COOK = agent('cook', capability('plan-meals', 'Plans meals and writes recipes', ['a dinner for four without nuts', 'how long do I roast a chicken', 'what can I cook with lentils']))

function authenticate(call: unknown) {
  const id = parseSpiffeId(String((call as ServerDuplexStream<Buffer, Buffer>).metadata.get(IDENTITY_HEADER)[0])) // what grpc-js hands in is the whole call
  if (!id) throw new Error('nobody')
  return id
}

/** A buyer, three agents that can do something, a helper who takes the rest, and the route `ask.mesh` over them. With `handlers` they decide instead of the real service. */
export async function startSemanticMesh(spec: object = {}, handlers?: UntypedServiceImplementation) {
  const things = new AsyncDisposableStack()
  const db = things.use(await testDatabase())
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.test')`)
  const errors: Error[] = []
  let state: () => MeshState | null = () => null // until there is a control
  const semantic = things.use(startSemantic({ db, mesh: 'local', state: () => state(), outside: { allow: parseAllowList('') }, embeddings: { source: '' }, authenticate, onError: (error) => errors.push(error) }))
  const mesh = things.use(await startNativeMesh(db, [{ definition: SEMANTIC_DEFINITION, handlers: handlers ?? semantic.handlers }]))
  state = mesh.control.state
  const route = (more: object = {}) => agentRoute('ask', { hostnames: ['ask.mesh'], candidates: [{ name: 'translator' }, { name: 'lawyer' }, { name: 'cook' }], fallback: { name: 'helper' }, semantic: { floor: 0.25, ...spec }, ...more })
  await mesh.commit([agent('buyer'), TRANSLATOR, LAWYER, COOK, agent('helper'), route()])
  const buyer = await mesh.addProxy('buyer')
  const agents = new Map<string, TestProxy>()
  for (const name of ['translator', 'lawyer', 'cook', 'helper']) agents.set(name, await mesh.addProxy(name, { version: name }))
  const ask = (body: unknown, options: CallOptions = {}) => buyer.out.call('ask.mesh', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...options, headers: { 'content-type': 'application/json', ...options.headers } })
  await eventually('the route answers', 60_000, async () => (await ask({ task: 'translate this into Dutch' })).status === 200)
  if (!handlers) await eventually('the model is warm', 60_000, async () => (await ask({ task: 'translate this into Dutch' })).body === 'translator')
  return { db, mesh, buyer, agents, ask, errors, route, [Symbol.asyncDispose]: () => things.disposeAsync() }
}
