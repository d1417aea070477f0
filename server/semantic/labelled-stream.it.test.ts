// A labelled set as calls: three agents whose skills overlap, through real Envoys, the real model and a real store.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { agent, agentRoute } from '../compile/fixtures.ts'
import { ALLOW_NOTHING } from '../fetch/addresses.ts'
import { burst, eventually, type CallResult } from '../testing/load.ts'
import { startSemanticMesh } from '../testing/semantic-mesh.ts'
import { readSkillSet } from '../testing/skill-set.ts'
import { openEmbedder } from './embedder.ts'
import { evaluateTasks } from './offline.ts'

/** Between a caller's clock and the moment at which its call reaches the agent: a decision, on a busy machine. */
const IN_FLIGHT_MS = 300
const NAMES = ['translator', 'lawyer', 'cook']
const ROUTE = agentRoute('ask', { hostnames: ['ask.mesh'], candidates: NAMES.map((name) => ({ name })), fallback: { name: 'helper' }, semantic: { floor: 0.25, stickiness: 'none', weights: { similarity: 1, health: 0, load: 0, latency: 0, price: 0 } } })

/** The agents of the set in place of the few skills that the mesh starts with. */
async function startLabelledMesh() {
  const lab = await startSemanticMesh()
  const { agents, tasks } = readSkillSet()
  await lab.mesh.accepted(await lab.mesh.commit([...NAMES.map((name) => agent(name, { capabilities: agents.get(name) ?? [] })), ROUTE]), 20_000)
  await eventually('their skills are known', 60_000, async () => (await lab.ask({ task: 'put this paragraph into Italian please' })).body === 'translator')
  return { lab, tasks: tasks.filter((one) => one.agent === null || NAMES.includes(one.agent.replace('default/', ''))) }
}

test('of 200 labelled tasks as many go right as offline, each to whom its decision names, and each call has one decision', async () => {
  const { lab, tasks } = await startLabelledMesh()
  await using _lab = lab
  const state = lab.mesh.control.state()
  if (!state) throw new Error('the mesh was not read yet')
  const offline = await evaluateTasks(state, ROUTE, tasks, await openEmbedder({ source: '', outside: { allow: ALLOW_NOTHING } }))
  await lab.db.pool.query('delete from semantic_decision')

  let calls = 0
  // A call whose decision did not come in time took the fallback and names none: it is asked again, when the model has read it.
  const ask = async (task: string) => eventually(`“${task}” is decided`, 20_000, async () => {
    calls++
    const answer = await lab.ask({ task })
    expect(answer.status).toBe(200)
    return answer.headers['x-heddle-decision'] ? { id: String(answer.headers['x-heddle-decision']), by: answer.body } : null
  })
  const answers = await burst(tasks.length, 2, async (n) => ({ wanted: tasks[n]?.agent?.replace('default/', '') ?? 'helper', ...(await ask(tasks[n]?.task ?? '')) }))

  const right = answers.filter(({ by, wanted }) => by === wanted).length
  expect(right / tasks.length).toBeCloseTo(offline.accuracyWithFallback, 10)
  const stored = await eventually('every decision is stored', 10_000, async () => {
    const { rows } = await lab.db.pool.query<{ id: string; chosen: string | null }>('select id, chosen from semantic_decision')
    const ids = new Set(rows.map(({ id }) => id)) // with those that came late, which their calls did not wait for
    return answers.every(({ id }) => ids.has(id)) ? rows : null
  })
  expect([stored.length >= answers.length, stored.length <= calls]).toEqual([true, true]) // equal, where none came late
  const chosen = new Map(stored.map((row) => [row.id, row.chosen]))
  expect(new Set(answers.map(({ id }) => id)).size).toBe(answers.length)
  expect(answers.filter(({ id, by }) => (chosen.get(id) ?? 'default/helper') !== `default/${by}` || !chosen.has(id))).toEqual([])
  expect(lab.errors).toEqual([])
}, 300_000)

test.each(['with its sidecar', 'alone'])('an agent that is killed %s loses the calls that are with it; whoever comes after is answered by the fallback', async (how) => {
  const { lab, tasks } = await startLabelledMesh()
  await using _lab = lab
  const lawyers = tasks.filter((one) => one.agent === 'default/lawyer').map(({ task }) => task)
  await burst(lawyers.length, 2, (n) => lab.ask({ task: lawyers[n] })) // the model has read them
  // Fewer at once than the ten that Envoy's retry budget always lets go on.
  const load = { results: [] as CallResult[], stopped: false }
  using _load = { [Symbol.dispose]: () => void (load.stopped = true) }
  const callers = Array.from({ length: 5 }, async (_, n) => {
    for (let task = n; !load.stopped; task++) {
      load.results.push(await lab.ask({ task: lawyers[task % lawyers.length] }))
      await sleep(100)
    }
  })
  await eventually('the lawyer answers', 10_000, () => load.results.filter(({ body }) => body === 'lawyer').length > 20)
  const killed = Date.now()
  const lawyer = lab.agents.get('lawyer')
  if (how === 'alone') await lawyer?.agent[Symbol.asyncDispose]()
  else lawyer?.process.kill('SIGKILL')
  await eventually('the fallback answers', 10_000, () => load.results.filter(({ body, startedAt }) => startedAt > killed && body === 'helper').length > 60)
  load.stopped = true
  await Promise.all(callers)
  const { results } = load
  // What had come to the lawyer may have been worked on, and is not sent twice.
  const failed = results.filter(({ status }) => status !== 200)
  expect(failed.filter(({ startedAt }) => startedAt > killed + IN_FLIGHT_MS)).toEqual([])
  expect(failed.every(({ body }) => body.includes('connection termination'))).toBe(true)
  expect(results.filter(({ startedAt, body }) => startedAt > killed + IN_FLIGHT_MS && body === 'lawyer')).toEqual([])
}, 300_000)
