import { expect, test } from 'vitest'
import { agent, instance, meshState } from '../compile/fixtures.ts'
import { keepUnchanged } from './keep-unchanged.ts'

const known = (name: string, resourceVersion: string, spec = {}) => {
  const one = agent(name, spec)
  return { ...one, metadata: { ...one.metadata, uid: `uid-${name}`, resourceVersion } }
}
const read = () => meshState({ agents: [known('a', '1'), known('b', '2')], instances: [instance('a', 'v1', 1), instance('b', 'v1', 2)], revoked: ['x'] })

test('the same again is the one before', () => {
  const before = read()
  expect(keepUnchanged(before, read())).toBe(before)
})

test('what changed is new, and everything beside it is kept', () => {
  const before = read()
  const after = keepUnchanged(before, { ...read(), revision: 2, agents: [known('a', '1'), known('b', '3', { protocol: 'tcp' })] })
  expect(after).toEqual({ ...read(), revision: 2, agents: [known('a', '1'), known('b', '3', { protocol: 'tcp' })] })
  expect(after.instances).toBe(before.instances)
  expect(after.agents).not.toBe(before.agents)
  expect(after.agents[0]).toBe(before.agents[0])
})

test('another order, one more, and one fewer are changes', () => {
  const before = read()
  for (const instances of [before.instances.toReversed(), before.instances.slice(0, 1), [...before.instances, instance('c', 'v1', 3)], []]) {
    const after = keepUnchanged(before, { ...read(), instances })
    expect(after.instances).toEqual(instances)
    expect(after.instances).not.toBe(before.instances)
  }
  expect(keepUnchanged(before, { ...read(), revoked: [] }).revoked).toEqual([])
})
