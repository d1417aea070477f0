import { expect, test } from 'vitest'
import { agent, egressPolicy, externalService, meshState } from '../compile/fixtures.ts'
import type { ExplainRequest } from '../contracts/explain.ts'
import { ExternalService } from '../contracts/external-service.ts'
import { problemsOf } from '../contracts/problems.ts'
import { explainCall } from './explain.ts'
import { egressOf } from './egress.ts'

const MODELS = 'api.models.example'
const state = meshState({
  agents: [agent('writer'), agent('reader'), agent('miller', {}, 'mill')],
  externalServices: [
    externalService('models', { host: MODELS, from: [{ agents: ['writer'] }, { namespaces: ['mill'] }] }),
    externalService('mine', { host: 'mine.example' }, 'mill'),
    externalService('over', { host: 'both.example', from: [{ namespaces: ['mill'] }] }),
    externalService('under', { host: 'both.example', access: 'Block' }, 'mill'),
  ],
  egressPolicies: [egressPolicy('all', { unknownHosts: 'Block' }), egressPolicy('reader', { targetRefs: [{ name: 'reader' }], unknownHosts: 'Allow' })],
})

test.each([
  ['an agent that is named', 'default/writer', MODELS, 'models', true],
  ['one that is not, of the same namespace', 'default/reader', MODELS, 'models', false],
  ['anybody of a namespace that is named', 'mill/miller', MODELS, 'models', true],
  ['a host of another namespace, where unknown ones are blocked', 'default/writer', 'mine.example', 'all', false],
  ['the same for an agent with a policy of its own', 'default/reader', 'mine.example', 'reader', true],
  ['the own namespace before another', 'mill/miller', 'both.example', 'under', false],
  ['a host that nobody named, without a policy', 'mill/miller', 'else.example', null, true],
])('%s', (_, from, host, decidedBy, goes) => {
  const [namespace = '', name = ''] = from.split('/')
  const egress = egressOf(state, { namespace, agent: name }, host)
  expect([egress.decidedBy?.metadata.name ?? null, egress.refusal === null]).toEqual([decidedBy, goes])
})

test('explain says who refuses a call to the outside, and by what', () => {
  const ask = (agentName: string, host: string, method: ExplainRequest['method']) => explainCall(state, { from: { namespace: 'default', agent: agentName }, host, path: '/', method, headers: {} }).summary.join(' ')
  expect(ask('reader', MODELS, 'CONNECT')).toContain('answers 403: ExternalService default/models does not name default/reader')
  expect(ask('writer', 'else.example', 'GET')).toContain('answers 403: no ExternalService names this host')
  expect(ask('writer', MODELS, 'GET')).toContain('answers 426')
  expect(ask('writer', `${MODELS}:443`, 'CONNECT')).toContain('goes to the outside')
})

const host = (text: string) => ({ host: text })
test.each([
  ['a scheme', host('https://api.example.com'), '/spec/host'],
  ['a path', host('api.example.com/v1'), '/spec/host'],
  ['a port in the host', host('api.example.com:443'), '/spec/host'],
  ['an IPv4 literal', host('10.0.0.1'), '/spec/host'],
  ['an IPv6 literal', host('[::1]'), '/spec/host'],
  ['a bare IPv6 literal', host('fe80::1'), '/spec/host'],
  ['a wildcard', host('*.example.com'), '/spec/host'],
  ['upper case', host('API.example.com'), '/spec/host'],
  ['a bare name', host('localhost'), '/spec/host'],
  ['a name of the mesh', host('writer.default.mesh'), '/spec/host'],
  ['an empty label', host('api..com'), '/spec/host'],
  ['a dot at the end', host('api.example.com.'), '/spec/host'],
  ['a label that is too long', host(`${'a'.repeat(64)}.com`), '/spec/host'],
  ['letters beyond ASCII', host('münchen.example'), '/spec/host'],
  ['nothing', host(''), '/spec/host'],
  ['a port that is none', { host: 'a.example', port: 0 }, '/spec/port'],
  ['a caller of nothing', { host: 'a.example', from: [{}] }, '/spec/from/0'],
  ['an address that is none', { host: 'a.example', addresses: ['a.example'] }, '/spec/addresses/0'],
  ['a credential without TLS of ours', { host: 'a.example', credential: { name: 'key' } }, '/spec/credential'],
  ['an authority without TLS of ours', { host: 'a.example', tls: { mode: 'None', caRef: { name: 'a' } } }, '/spec/tls/caRef'],
  ['a secret itself', { host: 'a.example', tls: { mode: 'Originate' }, credential: { name: 'key', value: 'sk-1' } }, '/spec/credential/value'],
  ['a secret for a name', { host: 'a.example', tls: { mode: 'Originate' }, credential: { name: 'sk_LIVE' } }, '/spec/credential/name'],
  ['a header that frames', { host: 'a.example', tls: { mode: 'Originate' }, credential: { name: 'key', header: 'content-length' } }, '/spec/credential/header'],
  ['a prefix that ends a header', { host: 'a.example', tls: { mode: 'Originate' }, credential: { name: 'key', prefix: 'a\r\nb: ' } }, '/spec/credential/prefix'],
])('%s is refused at its place', (_, spec, pointer) => {
  const parsed = ExternalService.safeParse({ apiVersion: 'heddle.dev/v1alpha1', kind: 'ExternalService', metadata: { name: 'o' }, spec })
  expect(parsed.error && problemsOf(parsed.error).map((problem) => problem.pointer)).toContain(pointer)
})
