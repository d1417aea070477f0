import { expect, test } from 'vitest'
import { Gateway } from '../contracts/gateway.ts'
import { HTTPRoute } from '../contracts/http-route.ts'
import { describeDoor } from './gateway.ts'

const door = (flags: object, name = 'edge') => describeDoor(name, { namespace: 'default', ...flags })
const certificate = ['shop=a.pem,a.key']

test('flags become objects that the API takes', () => {
  const [agent, gateway, route] = door({ https: '0.0.0.0:443', http: '0.0.0.0:80', certificate, hostname: '*.example.com', to: 'shop' })
  expect(agent).toMatchObject({ ref: { kind: 'Agent', name: 'edge' }, onlyIfMissing: true })
  expect(Gateway.parse(gateway?.body).spec).toMatchObject({
    addresses: [{ value: '0.0.0.0' }],
    listeners: [{ name: 'https', port: 443, protocol: 'HTTPS', hostname: '*.example.com', tls: { certificateRefs: [{ name: 'shop' }] } }, { name: 'http', port: 80, protocol: 'HTTP' }],
    infrastructure: { parametersRef: { name: 'edge' } },
  })
  expect(HTTPRoute.parse(route?.body).spec).toMatchObject({ parentRefs: [{ kind: 'Gateway', name: 'edge' }], rules: [{ backendRefs: [{ name: 'shop' }] }] })
  expect(Gateway.parse(door({ http: '[::1]:8080' })[1]?.body).spec.addresses).toMatchObject([{ value: '::1' }])
  expect(Gateway.parse(door({ http: '8080' })[1]?.body).spec.addresses).toMatchObject([{ value: '127.0.0.1' }])
  expect(door({})).toEqual([]) // the Gateway is there already
})

test.each([
  [{ https: '443' }, /--certificate/],
  [{ https: 'shop.example.com:443', certificate }, /IP address/],
  [{ https: '0', certificate }, /--https/],
  [{ http: '99999' }, /--http/],
  [{ http: '::1:80' }, /--http/],
  [{ http: '' }, /--http/],
  [{ http: '10.0.0.1:80', https: '443', certificate }, /two addresses/],
  [{ to: 'shop' }, /--https or --http/],
  [{ hostname: 'shop.example.com' }, /--https or --http/],
  [{ https: '443', certificate: ['shop'] }, /NAME=CERT,KEY/],
])('%j is refused', (flags, why) => {
  expect(() => door(flags)).toThrow(why)
})

test('a name that no object can have is refused', () => {
  for (const name of ['Edge', 'a/b', '', '../x']) expect(() => door({ http: '80' }, name)).toThrow(/gateway's name/)
})
