import { expect, test } from 'vitest'
import { rewriteCard } from './card.ts'

const address = { meshOrigin: 'http://translator.default.mesh', ownHosts: new Set(['10.0.0.7']) }

test.each([
  ['http://localhost:9000/a2a', 'http://translator.default.mesh/a2a'],
  ['http://127.0.0.1:9000/', 'http://translator.default.mesh/'],
  ['http://0.0.0.0:9000/x?y=1', 'http://translator.default.mesh/x?y=1'],
  ['http://[::1]:9000/rpc', 'http://translator.default.mesh/rpc'],
  ['https://10.0.0.7/rpc', 'http://translator.default.mesh/rpc'],
])('%s becomes the mesh’s, in 0.3 and in 1.0, and the signature goes', (before, after) => {
  const card = { name: 'translator', url: before, additionalInterfaces: [{ url: before, transport: 'JSONRPC' }], supportedInterfaces: [{ url: before, protocolBinding: 'HTTP+JSON' }], signatures: [{}] }
  expect(rewriteCard(card, address)).toEqual({
    changed: true,
    card: { name: 'translator', url: after, additionalInterfaces: [{ url: after, transport: 'JSONRPC' }], supportedInterfaces: [{ url: after, protocolBinding: 'HTTP+JSON' }] },
  })
})

test.each([[{ url: 'https://agents.example.com/a', signatures: [{}] }], [{ url: 'not a url' }], [{ url: 7, supportedInterfaces: 'x' }], [[1, 2]], [null], ['text']])('%j stays as it is', (card) => {
  expect(rewriteCard(card, address)).toEqual({ changed: false, card })
})
