// A self-signed certificate for `localhost` and this machine's loopback, as files.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSigned } from './self-signed.ts'

export interface TestTls extends AsyncDisposable {
  cert: string
  key: string
  pem: string
}

export async function makeTlsFiles(lifeMs?: number): Promise<TestTls> {
  const { certificate, key } = await selfSigned(lifeMs)
  const directory = await mkdtemp(join(tmpdir(), 'heddle-tls-'))
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem'), pem: certificate }
  await writeFile(files.cert, certificate)
  await writeFile(files.key, key)
  return { ...files, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}
