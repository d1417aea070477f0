import { expect, test } from 'vitest'
import { AgentCard } from '@a2a-js/sdk'
import { MeshObject } from '#server/contracts/object.ts'
import { agentCard } from './card.ts'
import { FLEET } from './fleet.ts'
import { searchLibrary } from './library.ts'
import { firstObjects, objectPath, routeObjects } from './objects.ts'
import { failurePacer } from './roles/sample-llm.ts'
import { parseTask, taskNumber } from './tasks.ts'
import { complete, latencyMsOf } from './text-engine.ts'

const ask = (system: string, user: string) => complete([{ role: 'system', content: system }, { role: 'user', content: user }])

test.each([
  ['You translate.', 'Translate into German: The old bridge is of stone.', 'Die alt Brücke ist aus Stein.'],
  ['You translate.', 'Translate into Klingon: The old bridge', 'The old bridge'],
  ['You write one short paragraph.', '- The sea is warm.\n- Salt keeps.', 'The sea is warm. Besides, salt keeps.'],
  ['You keep the facts.', '- one\n- two\n- three\n- four', '- one\n- two\n- three'],
])('%s %s', (system, user, answer) => {
  expect(ask(system, user)).toBe(answer)
  expect(ask(system, user)).toBe(answer)
})

test('latency is told by the text alone and stays within its bounds', () => {
  for (let n = 0; n < 200; n += 1) {
    const messages = [{ role: 'user', content: taskNumber(n) }]
    expect(latencyMsOf(messages)).toBe(latencyMsOf(messages))
    expect(latencyMsOf(messages)).toBeGreaterThanOrEqual(10)
    expect(latencyMsOf(messages)).toBeLessThanOrEqual(70)
  }
})

test('every task of the traffic source is understood and found in the library', () => {
  const tasks = Array.from({ length: 300 }, (_, n) => taskNumber(n))
  expect(new Set(tasks).size).toBe(90)
  for (const task of tasks) expect(searchLibrary(parseTask(task).topic)).toMatch(/^- /)
})

test('a share of 0.1 fails every tenth answer, 0 none, 1 all', () => {
  const failures = (share: number) => {
    const next = failurePacer(() => share)
    return Array.from({ length: 100 }, next).filter(Boolean).length
  }
  expect([0, 0.1, 1].map(failures)).toEqual([0, 10, 100])
})

test('the objects of the fleet are what the API takes, at the path that names them', () => {
  for (const object of [...firstObjects(), ...routeObjects(8080)]) expect(MeshObject.parse(object).metadata.labels).toEqual({ 'heddle.dev/sample': 'true' })
  expect(objectPath({ kind: 'HTTPRoute', metadata: { name: 'translator' } })).toBe('/namespaces/default/httproutes/translator')
})

test('a card survives the protocol’s own JSON', () => {
  for (const member of FLEET) {
    const card = agentCard(member, 'v1')
    expect(AgentCard.fromJSON(AgentCard.toJSON(card)).supportedInterfaces).toEqual(card.supportedInterfaces)
  }
})
