import { expect, test } from 'vitest'
import { agent, agentRoute, instance, meshState } from '../compile/fixtures.ts'
import { capabilityLabel, findCandidates, offeredCapabilities, spreadOverCandidates } from './capability.ts'
import { validateMesh } from './validate.ts'

const dye = { id: 'dye', tags: ['cloth', 'fast'], inputModes: ['text/plain', 'image/png'], outputModes: ['text/plain'] }
const mesh = meshState({
  agents: [
    agent('cheap', { capabilities: [dye], price: 1, owner: 'east' }),
    agent('dear', { capabilities: [dye, { id: 'spin' }], price: 5 }),
    agent('plain', { capabilities: [{ id: 'dye' }], instances: [{ address: '10.0.0.9', port: 80 }] }),
    agent('hidden', { capabilities: [dye], exportTo: ['elsewhere'] }, 'mill'),
  ],
  instances: [instance('cheap', 'v1', 1), instance('cheap', 'v2', 2), instance('dear', 'v1', 3, { weight: 3 })],
  signedAgents: ['default/dear'],
})
const namesOf = (require: object, more: object = {}) => findCandidates(mesh, agentRoute('r', { require, ...more }), 'default').map(({ agent }) => agent.metadata.name)

test.each([
  [{ capability: 'dye' }, ['cheap', 'dear', 'plain']],
  [{ capability: 'dye', tags: ['fast'] }, ['cheap', 'dear']],
  [{ capability: 'dye', tags: ['fast', 'none'] }, []],
  [{ inputModes: ['image/png'] }, ['cheap', 'dear']],
  [{ capability: 'dye', owner: 'east' }, ['cheap']],
  [{ capability: 'dye', priceMax: 4 }, ['cheap']],
  [{ capability: 'dye', trust: ['signedCard'] }, ['dear']],
  [{ capability: 'dye', trust: ['mtls'] }, ['cheap', 'dear']],
  [{ capability: 'dye', versions: ['v2'] }, ['cheap']],
  [{ capability: 'spin' }, ['dear']],
  [{ capability: 'nothing' }, []],
])('%j is what %j can do', (require, names) => {
  expect(namesOf(require)).toEqual(names)
})

test('named candidates alone, in their order', () => {
  expect(namesOf({ capability: 'dye' }, { candidates: [{ name: 'dear' }, { name: 'cheap' }, { namespace: 'mill', name: 'hidden' }] })).toEqual(['dear', 'cheap'])
})

test('strategies share what is up', () => {
  const candidates = (state = mesh) => findCandidates(state, agentRoute('r', { require: { capability: 'dye', tags: ['fast'] } }), 'default')
  const shares = (strategy: 'instances' | 'even' | 'price' | 'preference', state = mesh) => Object.fromEntries(spreadOverCandidates(candidates(state), strategy).map(({ version, weight }) => [`${version.agent}/${version.version}`, weight]))
  expect(shares('instances')).toEqual({ 'cheap/v1': 1, 'cheap/v2': 1, 'dear/v1': 3 })
  expect(shares('even')).toEqual({ 'cheap/v1': 3, 'cheap/v2': 3, 'dear/v1': 6 })
  expect(shares('price')).toEqual({ 'cheap/v1': 1, 'cheap/v2': 1 })
  expect(shares('preference')).toEqual({ 'cheap/v1': 1, 'cheap/v2': 1 })
  const down = { ...mesh, instances: mesh.instances.map((one) => (one.agent === 'cheap' ? { ...one, health: 'down' as const } : one)) }
  expect(shares('price', down)).toEqual({ 'dear/v1': 1 / 1 * 3 })
  expect(shares('instances', { ...mesh, instances: [] })).toEqual({})
})

test.each([
  ['weights without a common divisor', [97, 101, 103, 107, 109]],
  ['as many agents as there may be candidates, of every size', Array.from({ length: 256 }, (_, index) => index + 1)],
])('agents share evenly in a sum that Envoy takes: %s', (_, weights) => {
  const many = meshState({
    agents: weights.map((_, index) => agent(`a${index}`, { capabilities: [dye] })),
    instances: weights.map((weight, index) => instance(`a${index}`, 'v1', 1, { weight })),
  })
  const choices = spreadOverCandidates(findCandidates(many, agentRoute('r', { require: { capability: 'dye' } }), 'default'), 'even')
  expect(choices).toHaveLength(weights.length)
  expect(choices.every(({ weight }) => Number.isInteger(weight) && weight === choices[0]?.weight)).toBe(true)
  expect(choices.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(4_294_967_295)
})

test('capabilities become names; of two with one name the first by id', () => {
  expect(['sut_agent', 'Translate Text!', '---', 'ünïcode', 'a'.repeat(100)].map(capabilityLabel)).toEqual(['sut-agent', 'translate-text', null, 'n-code', 'a'.repeat(63)])
  const twins = meshState({ agents: [agent('a', { capabilities: [{ id: 'do_it' }, { id: 'do-it' }] })] })
  expect(offeredCapabilities(twins, 'default').map(({ id }) => id)).toEqual(['do-it'])
})

test.each([
  [{ fallback: { name: 'nobody' } }, '/spec/fallback/name', 'dangling'],
  [{ candidates: [{ name: 'nobody' }] }, '/spec/candidates/0/name', 'dangling'],
  [{ candidates: [{ name: 'cheap' }, { name: 'cheap' }] }, '/spec/candidates/1', 'repeated'],
  [{ hostnames: ['capability.mesh'] }, '/spec/hostnames/0', 'reserved'],
  [{ hostnames: ['cheap.default.mesh'] }, '/spec/hostnames/0', 'taken'],
  [{ strategy: 'preference' }, '/spec/candidates', 'no_candidate'],
  [{ require: { capability: 'spin' } }, '/spec/require/capability', 'taken'],
])('the route %j is refused at %s', (spec, pointer, code) => {
  const state = { ...mesh, agentRoutes: [agentRoute('other', { require: { capability: 'spin' } }), agentRoute('r', spec)] }
  expect(validateMesh(state)).toContainEqual(expect.objectContaining({ pointer, code, object: { kind: 'AgentRoute', namespace: 'default', name: 'r' } }))
})
