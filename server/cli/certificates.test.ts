import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { watchCertificates } from '../sidecar/certificates.ts'
import { makeTlsFiles } from '../testing/tls-files.ts'
import { readCertificates } from './certificates.ts'

test.each(['', 'shop', 'shop=', 'shop=cert.pem', 'shop=cert.pem,', '=cert.pem,key.pem', 'Shop=cert.pem,key.pem', 'a/b=cert.pem,key.pem', 'shop=a,b,c'])('“%s” is refused', (text) => {
  expect(() => readCertificates([text])).toThrow('NAME=CERT,KEY')
})

test('a name is given once', () => {
  expect(() => readCertificates(['shop=a,b', 'shop=c,d'])).toThrow('“shop” twice')
  expect(readCertificates(['shop=/a,/b', 'mill=/c,/d'])).toEqual([{ name: 'shop', cert: '/a', key: '/b' }, { name: 'mill', cert: '/c', key: '/d' }])
})

test('files that cannot be shown are refused before anything starts', async () => {
  await using files = await makeTlsFiles()
  await using other = await makeTlsFiles()
  await using expired = await makeTlsFiles(-1000)
  const spoiled = `${files.cert}.spoiled`
  writeFileSync(spoiled, 'no PEM')
  const start = (cert: string, key: string) => () => watchCertificates([{ name: 'shop', cert, key }], { onChange() {}, log() {} })
  expect(start(`${files.cert}.none`, files.key)).toThrow('cannot be read')
  expect(start(spoiled, files.key)).toThrow('holds no PEM')
  expect(start(files.cert, spoiled)).toThrow('holds no PEM')
  expect(start(files.cert, other.key)).toThrow('is not that of the certificate')
  expect(start(expired.cert, expired.key)).toThrow('expired')
  using good = start(files.cert, files.key)()
  expect(good.secrets.map((secret) => secret.name)).toEqual(['certificate/shop'])
})
