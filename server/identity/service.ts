// `heddle.sidecar.v1.Sidecar` on the xDS port: enrol with a token, renew with the certificate, heartbeat, leave.
import { Metadata, status, type handleUnaryCall, type ServerUnaryCall, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js'
import type { z } from 'zod'
import { FAILURES, messageOf, MeshError } from '../contracts/errors.ts'
import { EnrolRequest, HeartbeatRequest, LEASE_MS, RenewRequest, SIDECAR_METHODS, type EnrolResponse, type HeartbeatResponse, type OtlpDoor, type RenewResponse } from '../contracts/sidecar.ts'
import { AnswerRequest } from '../contracts/proxy-question.ts'
import { recordAudit } from '../db/audit.ts'
import type { Db } from '../db/client.ts'
import { inTransaction } from '../db/pool.ts'
import type { Authority } from './authority.ts'
import { readCsrKey } from './csr.ts'
import { boundDenials } from './denials.ts'
import { enterMesh } from './enter.ts'
import type { Peer, Peers } from './peers.ts'
import { lockProxy } from './proxy-lock.ts'
import type { Questions } from './questions.ts'
import { refuseRevoked } from './revoke.ts'

/** Long enough for a control process that misses a heartbeat; short enough that sidecars do not dial the dead. */
const CONTROL_ALIVE_SECONDS = 10

export interface SidecarServiceOptions {
  db: Db
  authority: Authority
  peers: Peers
  /** Where sidecars send telemetry. */
  otlpGrpc: OtlpDoor
  /** Of this process, as sidecars reach it; stands in while `control_process` cannot be read. */
  address: string
  /** From `server/discovery/`: what a heartbeat says becomes an instance with a lease. */
  discovery: {
    heartbeat(peer: Peer, request: HeartbeatRequest): Promise<void>
    leave(peer: Peer): Promise<void>
    /** Probes that its sidecar runs. */
    ordersOf?(peer: Peer): HeartbeatResponse['probes']
  }
  /** What people ask of proxies. */
  questions?: Questions
  /** For how long refusals of one address are counted together in the audit. */
  deniedWindowMs?: number | undefined
  onError?: (error: Error) => void
}

type Call = ServerUnaryCall<Buffer, Buffer>
const bytes = (value: Buffer) => value

export const SIDECAR_DEFINITION = Object.fromEntries(
  Object.entries(SIDECAR_METHODS).map(([name, path]) => [
    name,
    { path, requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
  ]),
) satisfies ServiceDefinition

export function sidecarHandlers(options: SidecarServiceOptions): UntypedServiceImplementation {
  const { db, authority, peers, discovery } = options
  const controls = liveControls(db, options.address)

  const enrol = async (request: z.infer<typeof EnrolRequest>): Promise<EnrolResponse> => {
    const { claim, identity, telemetryToken } = await enterMesh(db, authority, request)
    return { identity, mesh: claim.mesh, namespace: claim.namespace as EnrolResponse['namespace'], agent: claim.agent as EnrolResponse['agent'], telemetryToken, otlpGrpc: options.otlpGrpc, controls: await controls() }
  }

  const renew = async (request: z.infer<typeof RenewRequest>, peer: Peer): Promise<z.infer<typeof RenewResponse>> => {
    const publicKey = await readCsrKey(request.csrPem)
    const identity = await inTransaction(db.pool, async (client) => {
      await lockProxy(client, authority.mesh, peer.proxyId)
      await refuseRevoked(client, authority.mesh, peer.serial) // the store knows it before this process does
      const issued = await authority.issueForKey(publicKey, { spiffeId: peer.spiffeId, proxy: peer.proxyId }, client)
      await recordAudit(client, { mesh: authority.mesh, actor: peer.spiffeId, action: 'certificate.renew', target: peer.proxyId, result: 'ok', detail: { before: peer.serial, serial: issued.serial, notAfter: issued.notAfter } })
      return issued
    })
    return { identity }
  }

  const heartbeat = async (request: HeartbeatRequest, peer: Peer): Promise<HeartbeatResponse> => {
    await discovery.heartbeat(peer, request)
    const { trust } = authority
    return {
      leaseMs: LEASE_MS,
      bundlePem: authority.bundlePem(),
      trusts: trust.roots.map((root) => root.id),
      renewNow: peer.issuerId !== trust.issuer.id,
      controls: await controls(),
      otlpGrpc: options.otlpGrpc,
      probes: discovery.ordersOf?.(peer) ?? [],
      questions: (await options.questions?.take(peer)) ?? [],
    }
  }

  const denied = boundDenials(
    ({ actor, target, why }) => recordAudit(db.pool, { mesh: authority.mesh, actor, action: 'proxy.enrol', target, result: 'denied', detail: { why } }).catch(() => {}), // the refusal stands without its line in the audit
    options.deniedWindowMs,
  )
  const handle = <S extends z.ZodType, R>(schema: S, work: (request: z.infer<S>, call: Call) => Promise<R>): handleUnaryCall<Buffer, Buffer> => (call, callback) => {
    answer(schema, call, work).then(
      (response) => callback(null, Buffer.from(JSON.stringify(response))),
      (error: unknown) => {
        if (!(error instanceof MeshError)) options.onError?.(error instanceof Error ? error : new Error(messageOf(error)))
        callback(describeFailure(error))
      },
    )
  }
  return {
    enrol: handle(EnrolRequest, (request, call) =>
      enrol(request).catch(async (error: unknown) => {
        if (error instanceof MeshError) await denied(call.getPeer(), request.proxyId, error.message)
        throw error
      }),
    ),
    renew: handle(RenewRequest, (request, call) => renew(request, peers.authenticate(call))),
    heartbeat: handle(HeartbeatRequest, (request, call) => heartbeat(request, peers.authenticate(call))),
    answer: handle(AnswerRequest, async (said, call) => {
      await options.questions?.answer(peers.authenticate(call), said)
      return {}
    }),
    leave: handle(NOTHING, async (_, call) => {
      await discovery.leave(peers.authenticate(call))
      return {}
    }),
  }
}

const NOTHING = RenewRequest.pick({})

async function answer<S extends z.ZodType, R>(schema: S, call: Call, work: (request: z.infer<S>, call: Call) => Promise<R>): Promise<R> {
  const parsed = schema.safeParse(parseJson(call.request))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new MeshError('bad_request', `the request is not valid at “${issue?.path.join('.') ?? ''}”: ${issue?.message ?? 'unknown'}`)
  }
  return work(parsed.data, call)
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new MeshError('bad_request', 'the request body is not JSON', { cause })
  }
}

/** The sentence of a MeshError is for the sidecar's operator; what is unexpected stays in control's log. */
function describeFailure(error: unknown) {
  const known = error instanceof MeshError ? error : null
  const code: status = known ? FAILURES[known.code].grpc : status.UNAVAILABLE
  return { name: 'Error', message: known?.message ?? 'control failed', code, details: known?.message ?? 'control failed; its log says why', metadata: new Metadata() }
}

/** The living control processes, read at most once a second. */
function liveControls(db: Db, own: string): () => Promise<string[]> {
  let read: { at: number; list: string[] } = { at: 0, list: [own] }
  return async () => {
    if (Date.now() - read.at < 1000) return read.list
    read = { at: Date.now(), list: read.list }
    const { rows } = await db.pool.query<{ address: string }>(
      `select address from control_process where heartbeat_at > now() - make_interval(secs => $1) order by address limit 100`,
      [CONTROL_ALIVE_SECONDS],
    )
    const list = [...new Set(rows.map((row) => row.address))]
    read.list = list.length > 0 ? list : [own]
    return read.list
  }
}
