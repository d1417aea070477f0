import { expect, test } from 'vitest'
import { explainCommand, parseHeaders } from './asked.ts'

test.each([
  ['', {}, null],
  ['x-tier: gold\n\n x-b:  1:2 ', { 'x-tier': 'gold', 'x-b': '1:2' }, null],
  ['nothing', {}, '“nothing” is no header; write name: value'],
  [': value', {}, '“: value” is no header; write name: value'],
  ['a b: c', {}, '“a b: c” is no header; write name: value'],
])('headers are lines of name and value (%j)', (text, headers, wrong) => {
  expect(parseHeaders(text)).toEqual({ headers, wrong })
})

test('the command asks the same, whatever stands in the fields', () => {
  const asked = { from: 'default/orchestrator', to: 'translator', path: '/rpc', method: 'POST', headers: '' } as const
  expect(explainCommand(asked)).toBe('npx heddle explain translator/rpc --from orchestrator -X POST')
  expect(explainCommand({ ...asked, from: 'lab/a', path: "/x?q='; rm", headers: 'x-tier: gold' })).toBe(`npx heddle explain 'translator/x?q='\\''; rm' --from a -n lab -X POST -H 'x-tier: gold'`)
})
