import { expect, test } from 'vitest'
import type { AnalysisFinding } from '#server/contracts/analysis.ts'
import { describeFindings, findingsOf, isFound } from './findings.ts'

const finding = (more: Partial<AnalysisFinding> = {}): AnalysisFinding => ({ object: { kind: 'TrafficPolicy', namespace: 'default', name: 'spinner' }, pointer: '/spec/fault', code: 'fault_hits_everybody', severity: 'warning', detail: '60 % of all calls are answered 503', fix: 'Add `header`.', proxies: [], ...more })
const unsupported = (...proxies: string[]) => finding({ code: 'unsupported_by_proxies', detail: 'not supported', proxies })

test('what a list says of an object: proxies without it, else how many findings; notes are no reason to look', () => {
  expect(describeFindings([finding({ severity: 'note' })])).toBeNull()
  expect(describeFindings([finding(), finding({ severity: 'note' })])).toMatchObject({ state: 'warn', words: 'one finding', title: '60 % of all calls are answered 503' })
  expect(describeFindings([finding(), finding({ severity: 'error' })])).toMatchObject({ state: 'bad', words: '2 findings' })
  expect(describeFindings([finding(), unsupported('a-1'), unsupported('a-1', 'b-1')])).toMatchObject({ state: 'warn', words: 'not supported by 2 proxies' })
  expect(describeFindings([unsupported('a-1')])).toMatchObject({ words: 'not supported by one proxy' })
})

test('an object’s own findings, and those that a search finds', () => {
  const other = finding({ object: { kind: 'TrafficPolicy', namespace: 'mill', name: 'spinner' } })
  expect(findingsOf([finding(), other], other.object)).toEqual([other])
  expect(isFound(finding(), 'spinner 503')).toBe(true)
  expect(isFound(finding(), 'spinner 504')).toBe(false)
})
