import { resolve } from 'node:path'
import { MeshError } from '../contracts/errors.ts'
import { DnsLabel } from '../contracts/ids.ts'
import type { CertificateFiles } from '../sidecar/certificates.ts'

/** Of `NAME=CERT,KEY`, once a certificate. Throws `invalid` for what is not of that form, or names one twice. */
export function readCertificates(flags: readonly string[] = []): CertificateFiles[] {
  const read = flags.map((text) => {
    const [, name = '', cert = '', key = ''] = /^([^=]*)=([^,]+),([^,]+)$/.exec(text) ?? []
    if (!DnsLabel.safeParse(name).success) throw new MeshError('invalid', `--certificate is “${text}”; it takes NAME=CERT,KEY with a name of small letters, digits and hyphens`)
    return { name, cert: resolve(cert), key: resolve(key) }
  })
  const twice = read.find((one, index) => read.findIndex((other) => other.name === one.name) !== index)
  if (twice) throw new MeshError('invalid', `--certificate names “${twice.name}” twice`)
  return read
}
