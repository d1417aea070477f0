import { expect, test } from 'vitest'
import { editYaml, parseYaml, rangeOf, writeYaml } from './yaml.ts'
import { withValue } from './pointer.ts'

const ROUTE = `# owned by the languages team
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: translator
spec:
  rules:
    - name: default # the only rule
      backendRefs:
        - name: translator-v1
          weight: 90 # stable
        - name: translator-v2
          weight: 10
    # drafts go to v2
    - name: drafts
      backendRefs:
        - {name: translator-v2, weight: 1}
`

function objectOf(text: string): Record<string, unknown> {
  const parsed = parseYaml(text)
  if (!parsed.readable) throw new Error(parsed.problems[0]?.detail)
  return parsed.object
}

const edited = (path: (string | number)[], value: unknown) => editYaml(ROUTE, withValue(objectOf(ROUTE), path, value) as Record<string, unknown>)

test('a form edit changes one line and keeps every comment', () => {
  const text = edited(['spec', 'rules', 0, 'backendRefs', 0, 'weight'], 50)
  expect(text).toBe(ROUTE.replace('weight: 90 #', 'weight: 50 #').replace('{name: translator-v2, weight: 1}', '{ name: translator-v2, weight: 1 }'))
})

test('no edit leaves the meaning and the comments', () => {
  expect(objectOf(editYaml(ROUTE, objectOf(ROUTE)))).toEqual(objectOf(ROUTE))
  expect(editYaml(ROUTE, objectOf(ROUTE))).toContain('# drafts go to v2')
})

test('a removed rule takes only its own comment along', () => {
  const text = edited(['spec', 'rules', 0], undefined)
  expect(text).not.toContain('the only rule')
  expect(text).toContain('name: drafts')
  expect(objectOf(text)).toEqual(withValue(objectOf(ROUTE), ['spec', 'rules', 0], undefined))
})

test('added lists and fields are there, and nothing else is lost', () => {
  const next = withValue(objectOf(ROUTE), ['spec', 'hostnames'], ['a.example', '*.b.example']) as Record<string, unknown>
  const text = editYaml(ROUTE, next)
  expect(objectOf(text)).toEqual(next)
  expect(text).toContain('# owned by the languages team')
})

test('anchors: the meaning survives an edit', () => {
  const text = 'a: &x {k: 1}\nb: *x\n'
  const next = { a: { k: 1 }, b: { k: 2 } }
  expect(objectOf(editYaml(text, next))).toEqual(next)
})

test('every edit of a list reads back as what was meant', () => {
  const lists = [[], [1], [1, 2], [2, 1], [1, 2, 3], [1, 3], [{ a: 1 }, { a: 2 }], [{ a: 2 }], [{ a: 1, b: [1] }, 3]]
  for (const from of lists) for (const to of lists) expect(objectOf(editYaml(writeYaml({ list: from }), { list: to }))).toEqual({ list: to })
})

test.each([
  ['a: [1', 1],
  ['a: 1\na: 2\n', 2],
  ['- 1\n', 1],
  ['', 1],
  ['a: 1\n---\nb: 2\n', 2],
])('what cannot be read says where: %j', (text, line) => {
  const parsed = parseYaml(text)
  expect(parsed.readable).toBe(false)
  if (!parsed.readable) expect(parsed.problems[0]?.line).toBe(line)
})

test('a pointer finds its place in the text, or the nearest place that exists', () => {
  const at = (pointer: string) => {
    const { from, to } = rangeOf(ROUTE, pointer)
    return ROUTE.slice(from, to)
  }
  expect(at('/spec/rules/0/backendRefs/1/weight')).toBe('10')
  expect(at('/spec/rules/1/backendRefs/0/name')).toBe('translator-v2')
  expect(at('/spec/parentRefs')).toBe('spec')
  expect(at('/spec/rules/1')).toBe('name: drafts')
  expect(at('')).toBe(ROUTE.split('\n')[0])
})
