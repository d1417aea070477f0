import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sidecarPaths, writeKept } from './directory.ts'
import { chooseProxyId } from './proxy-id.ts'

function machine() {
  const dir = mkdtempSync(join(tmpdir(), 'heddle-id-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const choose = (...controls: string[]) => chooseProxyId({ base: 'loom-v1-9000', agent: 'loom', namespace: 'default', dir, controls })
  const keep = (proxyId: string, agent = 'loom') =>
    writeKept(sidecarPaths(dir).state, { proxyId, agent, namespace: 'default', mesh: 'local', telemetryToken: '', otlpGrpc: { host: '', port: 1 }, controls: ['a:1'], address: '', ports: { inbound: 1, outbound: 2, admin: 3 } })
  return { choose, keep }
}

test('beside its control a proxy is named for agent, version and port', () => {
  expect(machine().choose('127.0.0.1:18000', '[::1]:18000', 'localhost:18000')).toBe('loom-v1-9000')
})

test('two machines with the same agent, version and port have two proxies', () => {
  const names = [machine().choose('mesh.example:18000'), machine().choose('127.0.0.1:18000', '10.0.0.1:18000')]
  for (const name of names) expect(name).toMatch(/^loom-v1-9000-[0-9a-f]{8}$/)
  expect(new Set(names).size).toBe(2)
})

test('a later life has the name of the one before, and not that of another agent', () => {
  const { choose, keep } = machine()
  keep('loom-v1-9000-0a0b0c0d')
  expect(choose('mesh.example:18000')).toBe('loom-v1-9000-0a0b0c0d')
  keep('dyer-v1-9000', 'dyer')
  expect(choose('127.0.0.1:18000')).toBe('loom-v1-9000')
})
