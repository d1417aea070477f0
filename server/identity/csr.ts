import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { MeshError } from '../contracts/errors.ts'

/**
 * Takes the key out of a certificate request, and nothing else: names, extensions and life are the authority's to say. Throws
 * `bad_request` when the sender does not hold the key (the request's own signature) or the key is not ECDSA P-256.
 */
export async function readCsrKey(csrPem: string): Promise<CryptoKey> {
  const request = parseCsr(csrPem)
  const { algorithm } = request.publicKey
  if (algorithm.name !== 'ECDSA' || !('namedCurve' in algorithm) || algorithm.namedCurve !== 'P-256')
    throw new MeshError('bad_request', 'the certificate request has another key than ECDSA P-256')
  const proved = await request.verify().catch(() => false) // a signature that cannot be read proves nothing
  if (!proved) throw new MeshError('bad_request', 'the certificate request is not signed by its own key')
  return request.publicKey.export()
}

function parseCsr(pem: string): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(pem)
  } catch (cause) {
    throw new MeshError('bad_request', 'the certificate request is not PKCS #10 in PEM', { cause })
  }
}
