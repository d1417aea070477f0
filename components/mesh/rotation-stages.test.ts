import { expect, test } from 'vitest'
import type { Rotation } from '#server/contracts/security.ts'
import { describeStages, stageOf, whyNotRetire } from './rotation-stages.ts'

const START = Date.parse('2026-11-22T14:20:00Z')
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString()
const proxy = (name: string, holdsNew: boolean) => ({ proxy: name, trustsNew: true, holdsNew, trustsOld: true, connected: holdsNew, blocked: holdsNew ? null : 'silent for 2 min' })

const proving: Rotation = {
  id: 'r', state: 'running', step: 'prove', from: 'old', to: 'new', startedBy: 'ana', startedAt: at(0), reason: '',
  proxies: [proxy('a-1', true), proxy('b-1', false)], proved: 1, of: 2, waitsFor: ['b-1'],
  history: [{ at: at(2), step: 'reissue', by: 'control', what: '' }, { at: at(40), step: 'prove', by: 'control', what: '' }],
}

test('what is done says how long it took, what is held up says so', () => {
  const stages = describeStages(proving, START + 160_000)
  expect(stages.map(({ state, note }) => [state, note])).toEqual([['done', 'done in 2 s'], ['done', 'done in 38 s'], ['held', 'running for 2 min'], ['waits', 'waits for 3']])
  expect(stages[2]?.share).toBe(0.5)
  expect(stages[3]?.text).toMatch(/Cannot be started/)
})

test('a finished rotation is done in all four, one taken back stands where it was', () => {
  expect(stageOf({ ...proving, step: 'done', state: 'done' })).toBe(4)
  expect(describeStages({ ...proving, step: 'done', state: 'done', waitsFor: [] }, START).every((stage) => stage.state === 'done')).toBe(true)
  const back = describeStages({ ...proving, step: 'cancelled', state: 'cancelled' }, START)
  expect(back[2]).toMatchObject({ state: 'held', note: 'taken back' })
})

test('a mesh without proxies has nothing to divide by', () => {
  expect(describeStages({ ...proving, proxies: [], proved: 0, of: 0, waitsFor: [] }, START).every((stage) => Number.isFinite(stage.share))).toBe(true)
})

test('the last step can be confirmed when control waits for it, and never before', () => {
  const proved: Rotation = { ...proving, proved: 2, waitsFor: [] }
  expect(whyNotRetire(proving)).toBe('b-1 still needs it')
  expect(whyNotRetire({ ...proving, waitsFor: [] })).toBe('Proved on 1 of 2 so far')
  expect(whyNotRetire(proved)).toBe('The new certificates are not proved yet')
  expect(whyNotRetire({ ...proved, step: 'retire', state: 'waiting' })).toBeNull()
  expect(whyNotRetire({ ...proved, step: 'retire', state: 'paused' })).toBe('The rotation is paused')
  expect(whyNotRetire({ ...proved, step: 'cancelled' })).toBe('The rotation is on its way back')
})
