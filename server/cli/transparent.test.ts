import { expect, test } from 'vitest'
import { interceptScript, releaseScript, SIDECAR_GROUP } from '../sidecar/intercept.ts'
import { readInterception } from './transparent.ts'

const target = { port: 9000 }
const printIptables = true

test.each([
  ['a user by name', { printIptables, proxyUid: 'heddle' }],
  ['a user of nothing', { printIptables, proxyUid: '' }],
  ['a user below nobody', { printIptables, proxyUid: '-1' }],
  ['half a user', { printIptables, proxyUid: '1.5' }],
  ['a user that is no number of one', { printIptables, proxyUid: '4294967295' }],
  ['a user with a command behind it', { printIptables, proxyUid: '1337; reboot' }],
  ['a user for a sidecar that runs', { proxyUid: '1337' }],
  ['a port of nothing', { printIptables, inboundPort: '0' }],
  ['a port with a command behind it', { printIptables, inboundPort: '15006; reboot' }],
])('%s is refused', (_, flags) => {
  expect(() => readInterception(flags, target)).toThrow(/^--(proxy-uid|inbound-port)/)
})

test('an agent on a Unix socket cannot be intercepted', () => {
  expect(() => readInterception({}, { socket: '/run/agent.sock' })).toThrow('listens on a port')
})

test('the rules leave alone what the sidecar sends, before anything is redirected', () => {
  const rules = (flags: Parameters<typeof readInterception>[0]) => interceptScript(readInterception({ printIptables, ...flags }, target)).split('\n').filter((line) => line.startsWith('-A'))
  expect(rules({ proxyUid: '1337' })[0]).toBe('-A HEDDLE_OUTPUT -m owner --uid-owner 1337 -j RETURN')
  expect(rules({ proxyUid: '0' })[0]).toBe(`-A HEDDLE_OUTPUT -m owner --gid-owner ${SIDECAR_GROUP} -j RETURN`)
  expect(rules({ inboundPort: '2000' }).at(-1)).toBe('-A HEDDLE_PREROUTING -p tcp --dport 9000 -j REDIRECT --to-ports 2000')
})

test('what is put there is what is taken away', () => {
  const chains = (script: string) => [...new Set(script.match(/HEDDLE_\w+/g))].sort()
  expect(chains(releaseScript())).toEqual(chains(interceptScript(readInterception({}, target))))
})
