import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { setPageHeaders } from './page-headers.ts'

/** What an answer carries, and what is left of the request's own headers. */
function headersOf(publicUrl: string, sent: Record<string, string> = {}) {
  const set: Record<string, string> = {}
  const request = { url: '/x', headers: { ...sent }, socket: { remoteAddress: '127.0.0.1' } } as unknown as IncomingMessage // what is read of it
  const response = { setHeader: (name: string, value: string) => (set[name] = value) } as unknown as ServerResponse // what is called of it
  setPageHeaders(request, response, { config: { publicUrl }, dev: false })
  return { set, request: request.headers }
}

test('no page is framed, sniffed or scripted from elsewhere, and each answer has a nonce of its own', () => {
  const [one, other] = [headersOf('http://127.0.0.1:3000').set, headersOf('http://127.0.0.1:3000').set]
  const policy = one['content-security-policy'] ?? ''
  expect(one).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'same-origin', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin' })
  expect(policy.split('; ')).toEqual(expect.arrayContaining([`default-src 'self'`, `object-src 'none'`, `base-uri 'none'`, `form-action 'self'`, `frame-ancestors 'none'`]))
  expect(/script-src ([^;]+)/.exec(policy)?.[1]).toMatch(/^'self' 'nonce-[A-Za-z0-9+/=]{24}'$/)
  expect(policy).not.toBe(other['content-security-policy'])
  expect(one).not.toHaveProperty('access-control-allow-origin')
})

test('behind TLS browsers are told to stay there; without it they are not', () => {
  expect(headersOf('https://heddle.example').set).toMatchObject({ 'strict-transport-security': 'max-age=31536000; includeSubDomains', 'content-security-policy': expect.stringContaining('upgrade-insecure-requests') })
  expect(headersOf('http://127.0.0.1:3000').set).not.toHaveProperty('strict-transport-security')
})

test('a client’s own words for what we add are overwritten', () => {
  const { request } = headersOf('http://127.0.0.1:3000', { 'content-security-policy': `script-src *`, 'x-heddle-peer': '10.0.0.1', 'x-heddle-path': '/admin', 'x-middleware-subrequest': 'src/middleware', 'x-forwarded-for': '10.9.9.9' })
  expect(request).toMatchObject({ 'x-heddle-peer': '127.0.0.1', 'x-heddle-path': '/x', 'content-security-policy': expect.stringContaining(`default-src 'self'`) })
  expect(request).not.toHaveProperty('x-middleware-subrequest')
  expect(headersOf('https://heddle.example', { 'x-forwarded-for': '10.9.9.9, 192.0.2.7' }).request['x-heddle-peer']).toBe('192.0.2.7')
})
