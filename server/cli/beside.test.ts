import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeMissing, watchBeside } from '../sidecar/credentials.ts'
import { makeTlsFiles } from '../testing/tls-files.ts'
import { readAuthorities, readCredentials } from './beside.ts'

test.each(['', 'sk-live-1234', 'key', 'key=', 'key=sk-live-1234', 'key=api.example.com', 'key=api.example.com,sk-live-1234', 'key=api.example.com,file:', 'Key=api.example.com,env:KEY', '=api.example.com,env:KEY'])('the credential “%s” is refused, and not repeated', (text) => {
  expect(() => readCredentials([text])).toThrow('NAME=HOST,file:PATH')
  expect(() => readCredentials([text])).not.toThrow('sk-live')
})

test.each(['10.0.0.1', '*.example.com', 'https://api.example.com', 'localhost', 'writer.default.mesh'])('a credential goes to no such host as “%s”', (host) => {
  expect(() => readCredentials([`key=${host},env:KEY`])).toThrow('--credential key goes to')
})

test('a credential may go to several hosts, once to each; an authority has one file', () => {
  expect(readCredentials(['key=a.example,env:KEY', 'key=b.example,file:/run/key'])).toEqual([{ name: 'key', host: 'a.example', from: { env: 'KEY' } }, { name: 'key', host: 'b.example', from: { file: '/run/key' } }])
  expect(() => readCredentials(['key=a.example,env:KEY', 'key=a.example,env:OTHER'])).toThrow('“key for a.example” twice')
  expect(() => readAuthorities(['a=/x', 'a=/y'])).toThrow('“a” twice')
  for (const bad of ['', 'a', 'a=', 'A=/x', '=/x']) expect(() => readAuthorities([bad])).toThrow('NAME=FILE')
})

test('what no header can carry and what is no certificate are refused before anything starts, without a word of the content', async () => {
  await using tls = await makeTlsFiles()
  const directory = mkdtempSync(join(tmpdir(), 'heddle-beside-'))
  const fileOf = (content: string) => {
    const path = join(directory, 'given')
    writeFileSync(path, content)
    return path
  }
  const start = (given: { file: string } | { env: string }) => watchBeside({ credentials: [{ name: 'key', host: 'a.example', from: given }], authorities: [] }, { onChange() {}, log() {} })
  for (const [content, why] of [['', 'it is empty'], ['\n', 'it is empty'], ['sk-live\r\nx-admin: yes', 'no header can carry'], ['sk-live\u0000', 'no header can carry'], ['sk-livé', 'no header can carry'], ['s'.repeat(20_000), 'more than 16384 bytes']] as const) {
    expect(() => start({ file: fileOf(content) })).toThrow(why)
    expect(() => start({ file: fileOf(content) })).not.toThrow('sk-liv')
  }
  expect(() => start({ file: join(directory, 'none') })).toThrow('cannot be read')
  expect(() => start({ env: 'HEDDLE_TEST_NOT_SET' })).toThrow('HEDDLE_TEST_NOT_SET is not set')
  const authority = (file: string) => watchBeside({ credentials: [], authorities: [{ name: 'inner', file }] }, { onChange() {}, log() {} })
  expect(() => authority(tls.key)).toThrow('holds no certificate')
  expect(() => authority(fileOf('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'))).toThrow('cannot be read')
  using good = authority(tls.cert)
  expect(good.secrets.map(({ name }) => name)).toEqual(['ca/inner', 'ca-system'])
  using key = start({ file: fileOf('sk-live\n') })
  expect(key.secrets[0]?.name).toBe('credential/key/a.example')
  expect(key.secrets[0]?.message.toString('latin1')).toMatch(/sk-live$/)
  rmSync(directory, { recursive: true })
})

test('a secret that is not there is said with the flag that gives it', () => {
  expect(describeMissing('credential/key/a.example')).toContain('--credential key=a.example,file:PATH')
  expect(describeMissing('ca/inner')).toContain('--ca inner=FILE')
  expect(describeMissing('certificate/shop')).toContain('--certificate shop=CERT,KEY')
})
