// The way to control: mTLS with this sidecar's own identity, to whichever control process answers.
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import type { z } from 'zod'
import { FAILURES, MeshError, type FailureCode } from '../contracts/errors.ts'
import { SIDECAR_METHODS } from '../contracts/sidecar.ts'

const CALL_TIMEOUT_MS = 3000
const CHANNEL = {
  'grpc.keepalive_time_ms': 2000,
  'grpc.keepalive_timeout_ms': 1000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': -1,
  // Control is known by its SPIFFE id, so that the name dialled does not matter; an IP address would be no valid TLS server name.
  'grpc.ssl_target_name_override': 'heddle-control',
}

export interface LinkIdentity {
  /** Roots that control is verified against. */
  bundlePem: string
  /** Null before enrolment, when the trust domain is still unknown. */
  trustDomain: string | null
  /** This side's certificate; null before enrolment. */
  certificate: { chainPem: string; keyPem: string } | null
}

export type SidecarMethod = keyof typeof SIDECAR_METHODS

export interface ControlLink {
  /** Asks one control after another, last good one first. Throws what control refused, or `unavailable` when none answered. */
  call<S extends z.ZodType>(method: SidecarMethod, body: unknown, answer: S): Promise<z.infer<S>>
  /** A client whose connection is up, to a control chosen at random; null when none was up within `withinMs`. The caller closes it. */
  connect(withinMs: number): Promise<Client | null>
  close(): void
}

export function openControlLink(identity: LinkIdentity, controls: () => readonly string[]): ControlLink {
  const clients = new Map<string, Client>()
  let preferred: string | undefined
  const clientOf = (address: string) => {
    const known = clients.get(address)
    if (known) return known
    const client = dial(address, identity)
    clients.set(address, client)
    return client
  }
  return {
    async call(method, body, answer) {
      let failure: unknown
      for (const address of inOrder(controls(), preferred)) {
        try {
          const result = answer.parse(await unary(clientOf(address), SIDECAR_METHODS[method], body))
          preferred = address
          return result
        } catch (error) {
          if (error instanceof MeshError && error.code !== 'unavailable') throw error
          failure = error
        }
      }
      throw new MeshError('unavailable', 'no control process answers', { cause: failure })
    },
    async connect(withinMs) {
      const deadline = Date.now() + withinMs
      for (const address of shuffle(controls())) {
        const client = dial(address, identity)
        if (await isReady(client, Math.max(deadline - Date.now(), 50))) return client
        client.close()
      }
      return null
    },
    close() {
      for (const client of clients.values()) client.close()
      clients.clear()
    },
  }
}

function dial(address: string, { bundlePem, trustDomain, certificate }: LinkIdentity): Client {
  const creds = credentials.createSsl(
    Buffer.from(bundlePem),
    certificate && Buffer.from(certificate.keyPem),
    certificate && Buffer.from(certificate.chainPem),
    { checkServerIdentity: (_, peer) => refuseImposter(peer.subjectaltname ?? '', trustDomain) },
  )
  return new Client(address, creds, CHANNEL)
}

/** A certificate of the mesh is not enough: every agent has one. Only control may be control. */
function refuseImposter(names: string, trustDomain: string | null): Error | undefined {
  const match = /^URI:spiffe:\/\/([^/,]+)\/heddle\/control$/.exec(names)
  if (match && (trustDomain === null || match[1] === trustDomain)) return undefined
  return new Error(`the server is ${names || 'nameless'}, not control of ${trustDomain ?? 'the mesh'}`)
}

function isReady(client: Client, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => client.waitForReady(Date.now() + withinMs, (error) => resolve(!error)))
}

function unary(client: Client, path: string, body: unknown): Promise<unknown> {
  const serialize = (value: unknown) => Buffer.from(JSON.stringify(value))
  const parse = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'))
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, serialize, parse, body, new Metadata(), { deadline: Date.now() + CALL_TIMEOUT_MS }, (error, value) => {
      if (error) reject(describeRefusal(error))
      else resolve(value)
    })
  })
}

/** Control's own sentence, with the code it came under; what is about the way there is `unavailable`. */
function describeRefusal(error: ServiceError): MeshError {
  const codes: FailureCode[] = ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict']
  const code = codes.find((candidate) => FAILURES[candidate].grpc === error.code)
  return new MeshError(code ?? 'unavailable', error.details || error.message, { cause: error })
}

function inOrder(addresses: readonly string[], first: string | undefined): string[] {
  const rest = shuffle(addresses.filter((address) => address !== first))
  return first !== undefined && addresses.includes(first) ? [first, ...rest] : rest
}

function shuffle(addresses: readonly string[]): string[] {
  return addresses.map((address) => ({ address, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ address }) => address)
}
