import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'

describe('settings', () => {
  test('an empty environment gives every default, with units made into numbers', () => {
    expect(readConfig({ NODE_ENV: 'test' })).toMatchObject({
      bind: '127.0.0.1',
      consolePort: 3000,
      xdsPort: 18_000,
      otlpGrpcPort: 4317,
      otlpHttpPort: 4318,
      publicUrl: 'http://127.0.0.1:3000',
      trustDomain: 'mesh.local',
      svidTtlMs: 24 * 3_600_000,
      retentionMs: 7 * 24 * 3_600_000,
      diskMaxBytes: 20e9,
      sample: 'auto',
      logLevel: 'info',
    })
  })

  test.each([
    ['HEDDLE_CONSOLE_PORT', '0'],
    ['HEDDLE_CONSOLE_PORT', 'http'],
    ['HEDDLE_XDS_PORT', '65536'],
    ['HEDDLE_OTLP_GRPC_PORT', '43.17'],
    ['HEDDLE_SVID_TTL', '24'],
    ['HEDDLE_SVID_TTL', '0h'],
    ['HEDDLE_RETENTION', 'a week'],
    ['HEDDLE_DISK_MAX', '20'],
    ['HEDDLE_SAMPLE', 'maybe'],
    ['HEDDLE_LOG_LEVEL', 'loud'],
    ['HEDDLE_TRUST_DOMAIN', 'Mesh Local'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(() => readConfig({ NODE_ENV: 'test', [name]: value })).toThrow(`${name} is “${value}”`)
  })

  test('a secret may be in a file; one that cannot be read is said', () => {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-config-'))
    try {
      writeFileSync(join(directory, 'token'), 'hdl_from_a_file\n')
      expect(readConfig({ NODE_ENV: 'test', HEDDLE_ADMIN_TOKEN_FILE: join(directory, 'token') }).adminToken).toBe('hdl_from_a_file')
      expect(() => readConfig({ NODE_ENV: 'test', HEDDLE_TOKEN_FILE: join(directory, 'none') })).toThrow('HEDDLE_TOKEN_FILE')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
