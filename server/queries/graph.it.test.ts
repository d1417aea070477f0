import { expect, test } from 'vitest'
import { startTestCollector } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf, type TestSpan } from '#server/testing/spans.ts'
import { readAgentFacts, summariseAgents } from './agents.ts'
import { readGraph } from './graph.ts'

test('who sends spans without any call is there: in the graph, and among the agents', async () => {
  await using lab = await startTestCollector()
  const say = async (service: string, ...spans: TestSpan[]) => expect((await postOtlp(`${lab.http}/v1/traces`, requestOf(spans, { 'service.name': service }))).status).toBe(200)
  const window = () => ({ from: new Date(Date.now() - 300_000), to: new Date(Date.now() + 60_000), by: 'agent' as const })
  const long = `${Date.now() - 3_600_000}000000`
  await say('hermit', freshSpan({ kind: 1 }))
  await say('gone', freshSpan({ kind: 1, startTimeUnixNano: long, endTimeUnixNano: long }))
  await say('caller', freshSpan({ kind: 3, attributes: attributesOf({ 'server.address': 'callee.test' }) }))
  const graph = await readGraph(lab.db, 'local', window())
  expect(graph.nodes.map(({ id, kind, health }) => [id, kind, health])).toEqual(expect.arrayContaining([['unknown/hermit', 'unknown', 'idle']]))
  expect(graph.nodes.filter(({ id }) => id.startsWith('unknown/')).map(({ id }) => id).sort()).toEqual(['unknown/caller', 'unknown/hermit'])
  expect(summariseAgents(await readAgentFacts(lab.db, 'local'), graph).find(({ name }) => name === 'hermit')).toMatchObject({ level: 'traces', registered: false, why: 'seen in telemetry alone' })
  await lab.db.pool.query(`insert into object (mesh, kind, namespace, name, revision, labels, spec) values ('local', 'Agent', 'default', 'hermit', 1, '{}', '{"type": "agent", "protocol": "a2a"}')`)
  expect((await readGraph(lab.db, 'local', window())).nodes.filter(({ name }) => name === 'hermit').map(({ id }) => id)).toEqual(['agent/default/hermit'])
})
