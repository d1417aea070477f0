import { expect, test } from 'vitest'
import { AuthorizationPolicySpec } from '#server/contracts/authorization-policy.ts'
import { describePolicy } from './access-words.ts'

const say = (spec: unknown) => describePolicy(AuthorizationPolicySpec.parse(spec))
const targetRefs = [{ name: 'search-tools' }]

test('a policy reads as sentences', () => {
  expect(say({ targetRefs, action: 'Allow', rules: [{ from: [{ agents: ['researcher', 'writer'] }], to: [{ methods: ['POST'], paths: ['/mcp*'] }] }] })).toEqual(['Researcher and writer may call search-tools with POST /mcp*.'])
  expect(say({ targetRefs, action: 'Deny', rules: [{ from: [{ namespaces: ['lab'] }] }] })).toEqual(['Anybody in lab may not call search-tools.'])
  expect(say({ targetRefs, action: 'Allow', rules: [] })).toEqual(['Nobody may call search-tools.'])
})
