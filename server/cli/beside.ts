// `--credential` and `--ca` of a sidecar: what it may give its own Envoy for hosts outside the mesh.
import { resolve } from 'node:path'
import { MeshError } from '../contracts/errors.ts'
import { whyNoHost } from '../contracts/external-service.ts'
import { DnsLabel } from '../contracts/ids.ts'
import type { AuthorityFile, CredentialSource } from '../sidecar/credentials.ts'

/** Of `NAME=HOST,file:PATH` and `NAME=HOST,env:SETTING`, once a credential and host. Throws `invalid` for what is not of that form. */
export function readCredentials(flags: readonly string[] = []): CredentialSource[] {
  return once('--credential', flags.map(readCredential), ({ name, host }) => `${name} for ${host}`)
}

/** Of `NAME=FILE`. Throws `invalid` for what is not of that form, or names one twice. */
export function readAuthorities(flags: readonly string[] = []): AuthorityFile[] {
  const read = flags.map((text) => {
    const [, name = '', file = ''] = /^([^=]*)=(.+)$/.exec(text) ?? []
    if (!DnsLabel.safeParse(name).success) throw new MeshError('invalid', `--ca is “${text}”; it takes NAME=FILE with a name of small letters, digits and hyphens`)
    return { name, file: resolve(file) }
  })
  return once('--ca', read, ({ name }) => name)
}

/** What is wrong is said without the text: somebody may have written the secret itself. */
function readCredential(text: string): CredentialSource {
  const [, name = '', host = '', kind = '', value = ''] = /^([^=]*)=([^,]*),(file|env):(.+)$/.exec(text) ?? []
  if (!DnsLabel.safeParse(name).success) throw new MeshError('invalid', '--credential takes NAME=HOST,file:PATH or NAME=HOST,env:SETTING with a name of small letters, digits and hyphens; never the secret itself')
  const wrong = whyNoHost(host)
  if (wrong !== null) throw new MeshError('invalid', `--credential ${name} goes to “${host}”; name ${wrong}`)
  return { name, host, from: kind === 'file' ? { file: resolve(value) } : { env: value } }
}

function once<T>(flag: string, read: T[], keyOf: (one: T) => string): T[] {
  const twice = read.find((one, index) => read.findIndex((other) => keyOf(other) === keyOf(one)) !== index)
  if (twice) throw new MeshError('invalid', `${flag} names “${keyOf(twice)}” twice`)
  return read
}
