// Envoy's telemetry on its way to the collector: bytes untouched, with the token that says whose they are.
import { Client, credentials, Metadata, status, type handleUnaryCall, type ServiceError } from '@grpc/grpc-js'
import type { OtlpDoor } from '../contracts/sidecar.ts'

const COLLECTOR = 'opentelemetry.proto.collector'
export const OTLP_PATHS = {
  traces: `/${COLLECTOR}.trace.v1.TraceService/Export`,
  metrics: `/${COLLECTOR}.metrics.v1.MetricsService/Export`,
} as const

/** Envoy does not send again what was refused; so this bounds memory, and loses spans rather than the sidecar. */
const IN_FLIGHT_BYTES_MAX = 16 * 2 ** 20
const TIMEOUT_MS = 10_000
const bytes = (message: Buffer) => message

export interface OtlpTarget {
  /** Asked for at each call: control says when the collector has moved. */
  door: () => OtlpDoor
  /** Asked for at each call: a new enrolment brings a new one. */
  token: () => string
}

export interface OtlpRelay extends Disposable {
  handler(path: string): handleUnaryCall<Buffer, Buffer>
}

/** While the collector is away Envoy is told UNAVAILABLE at once: its counters are cumulative and lose nothing, its spans of that time are lost. */
export function relayOtlp({ door, token }: OtlpTarget): OtlpRelay {
  let open: { door: OtlpDoor; client: Client } | null = null
  const clientNow = (): Client => {
    const now = door()
    if (open?.door !== now) {
      open?.client.close() // what is under way still ends
      open = { door: now, client: openClient(now) }
    }
    return open.client
  }
  let inFlight = 0
  return {
    handler: (path) => (call, callback) => {
      const { length } = call.request
      if (inFlight + length > IN_FLIGHT_BYTES_MAX) {
        callback({ code: status.RESOURCE_EXHAUSTED, details: 'the collector is slower than this proxy’s telemetry' })
        return
      }
      inFlight += length
      const metadata = new Metadata()
      metadata.set('authorization', `Bearer ${token()}`)
      clientNow().makeUnaryRequest(path, bytes, bytes, call.request, metadata, { deadline: Date.now() + TIMEOUT_MS }, (error: ServiceError | null, answer) => {
        inFlight -= length
        if (error) callback({ code: error.code, details: error.details })
        else callback(null, answer ?? Buffer.alloc(0))
      })
    },
    [Symbol.dispose]: () => open?.client.close(),
  }
}

function openClient({ host, port, tls }: OtlpDoor): Client {
  const creds = tls ? credentials.createSsl(tls.rootsPem === null ? null : Buffer.from(tls.rootsPem)) : credentials.createInsecure()
  return new Client(`${host.includes(':') ? `[${host}]` : host}:${port}`, creds, {
    'grpc.max_reconnect_backoff_ms': 1000,
    'grpc.enable_retries': 0,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 2000,
  })
}
