// google.rpc.Status with RetryInfo: how OTLP says no, over both transports. https://opentelemetry.io/docs/specs/otlp/#failures
import { FAILURES, MeshError, messageOf, type FailureCode } from '#server/contracts/errors.ts'
import { WIRE } from '#server/otlp/wire.ts'
import { ByteWriter } from '#server/otlp/writer.ts'

export const RETRY_AFTER_S = 1
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

export interface Refusal {
  http: number
  grpc: number
  message: string
  retry: boolean
}

/** Anything thrown, as OTLP says it: `unavailable` and `rate_limited` may be tried again, everything else not. */
export function refusalOf(error: unknown): Refusal {
  const code: FailureCode = error instanceof MeshError ? error.code : 'internal'
  const { http, grpc } = FAILURES[code]
  const message = error instanceof MeshError ? error.message : `the collector failed: ${messageOf(error)}`
  return { http, grpc, message, retry: code === 'unavailable' || code === 'rate_limited' }
}

export function statusProtobuf(refusal: Refusal): Buffer {
  const writer = new ByteWriter(256)
  writer.tag(1, WIRE.varint)
  writer.varint(refusal.grpc)
  writer.textField(2, refusal.message)
  if (refusal.retry)
    writer.message(3, () => {
      writer.textField(1, RETRY_INFO)
      writer.message(2, () => writer.message(1, () => {
        writer.tag(1, WIRE.varint)
        writer.varint(RETRY_AFTER_S)
      }))
    })
  return Buffer.from(writer.done())
}

export function statusJson(refusal: Refusal): string {
  const details = refusal.retry ? { details: [{ '@type': RETRY_INFO, retryDelay: `${RETRY_AFTER_S}s` }] } : {}
  return JSON.stringify({ code: refusal.grpc, message: refusal.message, ...details })
}
