import { expect, test } from 'vitest'
import { agent, agentRoute, meshState } from '../compile/fixtures.ts'
import { HealthProbe, HealthProbeSpec } from '../contracts/health-probe.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import { validateMesh } from './validate.ts'

const task = (expected: object) => ({ check: { type: 'Task', text: 'say yes', expect: expected } })

/** Of a probe with this spec over what is there else. */
function problemsOf(spec: object) {
  const probe = HealthProbe.parse({ apiVersion: HEDDLE_API, kind: 'HealthProbe', metadata: { name: 'p' }, spec: HealthProbeSpec.parse({ targetRefs: [{ name: 'loom' }], check: { type: 'TCP' }, ...spec }) })
  return validateMesh(meshState({ agents: [agent('loom')], probes: [probe] })).filter(({ level }) => level === 'problem').map(({ pointer, code }) => [pointer, code])
}

test.each([
  [{ targetRefs: [{ name: 'nobody' }] }, '/spec/targetRefs/0/name', 'dangling'],
  [{ targetRefs: [{ name: 'loom' }, { name: 'loom' }] }, '/spec/targetRefs/1/name', 'repeated'],
  [{ intervalSeconds: 1, timeoutSeconds: 2 }, '/spec/timeoutSeconds', 'too_long'],
  [task({}), '/spec/check/expect', 'cannot_fail'],
  [task({ regex: 'yes', equals: 'yes' }), '/spec/check/expect/equals', 'without_effect'],
  [task({ regex: '(' }), '/spec/check/expect/regex', 'wrong_format'],
  [{ check: { type: 'HTTP', expect: { regex: '[' } } }, '/spec/check/expect/regex', 'wrong_format'],
])('the probe %j is refused at %s', (spec, pointer, code) => {
  expect(problemsOf(spec)).toEqual([[pointer, code]])
})

test('a probe that could fail, in time, is taken', () => {
  expect(problemsOf(task({ jsonPath: '$.answer', equals: 'yes' }))).toEqual([])
})

test('a host name is said once, by one AgentRoute', () => {
  const problems = validateMesh(meshState({ agents: [agent('loom')], agentRoutes: [agentRoute('a', { hostnames: ['dye.route.mesh', 'dye.route.mesh'] }), agentRoute('b', { hostnames: ['dye.route.mesh'] })] })).filter(({ level }) => level === 'problem')
  expect(problems.map(({ object, pointer, code }) => [object.name, pointer, code])).toEqual(
    expect.arrayContaining([['a', '/spec/hostnames/1', 'repeated'], ['a', '/spec/hostnames/0', 'taken'], ['b', '/spec/hostnames/0', 'taken']]),
  )
})
