import { expect, test } from 'vitest'
import { groupRefusals, nameProxies } from './refusals.ts'

const rejection = (proxy: string, reason: string, pointer: string | null = '/spec') => ({ proxy, reason, pointer, typeUrl: 'routes', resource: 'r', object: null })

test('the same words at the same field are one refusal, each proxy named once', () => {
  expect(groupRefusals([rejection('a', 'no'), rejection('b', 'no'), rejection('a', 'no'), rejection('a', 'never'), rejection('a', 'no', null)])).toEqual([
    { reason: 'no', pointer: '/spec', proxies: ['a', 'b'] },
    { reason: 'never', pointer: '/spec', proxies: ['a'] },
    { reason: 'no', pointer: null, proxies: ['a'] },
  ])
})

test.each([[['a'], 'a'], [['a', 'b'], 'a and b'], [['a', 'b', 'c', 'd'], 'a, b, c and d'], [['a', 'b', 'c', 'd', 'e'], 'a, b, c and 2 more']])('%j is named', (proxies, says) => {
  expect(nameProxies(proxies)).toBe(says)
})
