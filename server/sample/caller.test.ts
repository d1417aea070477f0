import { expect, test } from 'vitest'
import { callerOf } from './caller.ts'

test.each([
  ['a header of one hop', 'By=spiffe://m/ns/default/agent/writer;Hash=ab;URI=spiffe://m/ns/default/agent/gateway', 'spiffe://m/ns/default/agent/writer', 'spiffe://m/ns/default/agent/gateway'],
  ['the last hop of several', 'By=x;URI=forged,By=spiffe://m/b;URI=spiffe://m/u', 'spiffe://m/b', 'spiffe://m/u'],
  ['quoted values', 'By="spiffe://m/b";URI="spiffe://m/u"', 'spiffe://m/b', 'spiffe://m/u'],
  ['no identity in it', 'Hash=ab', '', ''],
])('%s', (_what, header, by, uri) => {
  expect(callerOf({ 'x-forwarded-client-cert': header })).toEqual({ by, uri })
})

test('no header is nobody', () => {
  expect(callerOf({})).toBeNull()
  expect(callerOf({ 'x-forwarded-client-cert': '' })).toBeNull()
})
