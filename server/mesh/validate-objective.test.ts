import { expect, test } from 'vitest'
import { agent, meshState } from '../compile/fixtures.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import { Objective } from '../contracts/objective.ts'
import { validateMesh } from './validate.ts'

const spec = { targetRef: { name: 'loom' }, indicator: { type: 'Success' }, percent: 99 }
const objective = (more: object) => Objective.parse({ apiVersion: HEDDLE_API, kind: 'Objective', metadata: { name: 'answers' }, spec: { ...spec, ...more } })
const found = (more: object) => validateMesh(meshState({ agents: [agent('loom'), agent('reed')], objectives: [objective(more)] })).map(({ pointer, code }) => `${pointer} ${code}`)

test.each([
  ['an agent that is there', {}, []],
  ['an agent that is not there', { targetRef: { name: 'nobody' } }, ['/spec/targetRef/name dangling']],
  ['a caller that is there', { from: { name: 'reed' } }, []],
  ['a caller that is not there', { from: { name: 'nobody' } }, ['/spec/from/name dangling']],
  ['a caller of another namespace', { from: { namespace: 'other', name: 'reed' } }, ['/spec/from/name dangling']],
  ['a cost', { percent: undefined, indicator: { type: 'Cost', atMost: 0.05, per: 'call' } }, []],
  ['a cost with a percentage', { indicator: { type: 'Cost', atMost: 5, per: 'hour' } }, ['/spec/percent not_with_cost']],
  ['an outcome without a percentage', { percent: undefined, indicator: { type: 'TaskOutcome' } }, ['/spec/percent required']],
  ['a receiver named twice', { notify: ['desk', 'desk'] }, ['/spec/notify/1 repeated']],
])('%s', (_, more, expected) => {
  expect(found(more)).toEqual(expected)
})

test.each([
  ['a hundred percent: nothing could ever fail', { percent: 100 }],
  ['no percentage', { percent: 0 }],
  ['a latency without a time', { indicator: { type: 'Latency' } }],
  ['a cost of nothing', { indicator: { type: 'Cost', atMost: 0, per: 'call' } }],
  ['a cost of a day', { indicator: { type: 'Cost', atMost: 5, per: 'day' } }],
  ['a window of its own', { window: '3h' }],
  ['a field that is not known', { taget: 1 }],
])('refused by its schema: %s', (_, more) => {
  expect(() => objective(more)).toThrow()
})
