import { expect, test } from 'vitest'
import { parentsOf, rulesOf, splitCommand, splitsOf, withShares } from './route-reading.ts'

const route = {
  spec: {
    parentRefs: [{ kind: 'Agent', name: 'translator' }],
    rules: [{ name: 'default', backendRefs: [{ kind: 'AgentVersion', name: 'translator-v1', weight: 90 }, { kind: 'AgentVersion', name: 'translator-v2', weight: 10 }] }],
  },
}

test('a split is read with the names of its versions', () => {
  expect(splitsOf(route)).toEqual([{ index: 0, name: 'default', backends: [{ name: 'translator-v1', label: 'v1', kind: 'AgentVersion', weight: 90 }, { name: 'translator-v2', label: 'v2', kind: 'AgentVersion', weight: 10 }] }])
  expect(splitsOf(withShares(route, 0, [50, 50]))[0]?.backends.map((backend) => backend.weight)).toEqual([50, 50])
})

test.each([[null], [{}], [{ spec: 3 }], [{ spec: { rules: 'x', parentRefs: [null, 4] } }], [{ spec: { rules: [null, { backendRefs: [null, 'x', { weight: 'many' }] }] } }]])('half-written objects are read without a fall: %j', (object) => {
  expect(() => [parentsOf(object), rulesOf(object)]).not.toThrow()
})

test('a weight left out is 1, as the Gateway API says', () => {
  expect(rulesOf({ spec: { rules: [{ backendRefs: [{ name: 'a' }] }] } })[0]?.backends[0]?.weight).toBe(1)
})

test('only a change of weights has its short command', () => {
  expect(splitCommand(withShares(route, 0, [50, 50]), route, 'translator', 'default')).toBe('npx heddle split translator v1=50 v2=50 --watch')
  expect(splitCommand({ spec: { ...route.spec, hostnames: ['a'] } }, route, 'translator', 'default')).toBeNull()
})
