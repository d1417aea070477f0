import { expect, test } from 'vitest'
import { decideRotation, type ProxyEvidence, type RotationView, type Wish } from './rotation-plan.ts'

const at = (step: RotationView['step'], state: RotationView['state'] = 'running'): RotationView => ({ state, step, from: 'i1', to: 'i2', fromRoot: 'r1', toRoot: 'r2' })
const proxy = (change: Partial<ProxyEvidence> = {}): ProxyEvidence => ({ proxy: 'loom-1', connected: true, trusts: ['r1'], holds: 'i1', seen: 'i1', mayHold: ['i1'], ...change })
const both = proxy({ trusts: ['r1', 'r2'] })
const reissued = proxy({ ...both, holds: 'i2', mayHold: ['i1', 'i2'] })
const proved = proxy({ ...reissued, seen: 'i2' })
const silent = proxy({ proxy: 'shuttle-1', connected: false })

test.each<[string, RotationView, ProxyEvidence[], Wish | null, string | null]>([
  ['waits until everyone trusts both', at('trust'), [both, proxy()], null, null],
  ['re-issues once everyone does', at('trust'), [both, both], null, 'reissue'],
  ['a silent proxy holds back no early step', at('trust'), [both, silent], null, 'reissue'],
  ['waits until everyone holds the new', at('reissue'), [reissued, both], null, null],
  ['then asks for proof', at('reissue'), [reissued], null, 'prove'],
  ['a claim is no proof', at('prove'), [reissued], null, null],
  ['proof by its own connection', at('prove'), [proved], null, 'await-retire'],
  ['a person confirms the last step', at('retire', 'waiting'), [proved], null, null],
  ['and it is done', at('retire', 'waiting'), [proved], 'retire', 'retire'],
  ['a silent proxy blocks it', at('retire', 'waiting'), [proved, silent], 'retire', 'refuse-retire'],
  ['one whose certificate ran out does not', at('retire', 'waiting'), [proved, { ...silent, mayHold: [] }], 'retire', 'retire'],
  ['no confirmation before its time', at('prove'), [reissued], 'retire', null],
  ['paused stays', at('trust', 'paused'), [both], null, null],
  ['paused stays, whoever confirms', at('retire', 'paused'), [proved], 'retire', null],
  ['resumes', at('trust', 'paused'), [both], 'resume', 'resume'],
  ['cancels from any step', at('retire', 'waiting'), [proved], 'cancel', 'cancel'],
  ['the way back waits for everyone too', at('cancelled'), [proved], null, null],
  ['and for the silent who took part', at('cancelled'), [both, { ...silent, mayHold: ['i2'] }], null, null],
  ['the way back ends', at('cancelled'), [both, silent], null, 'finish-cancel'],
])('%s', (_, rotation, evidence, wish, action) => {
  expect(decideRotation(rotation, evidence, wish).action).toBe(action)
})

test('who is waited for is named, with the reason', () => {
  expect(decideRotation(at('retire', 'waiting'), [proved, silent], null).waitsFor).toEqual(['shuttle-1: is silent and may come back with what it had; start it, or revoke its certificate'])
})
