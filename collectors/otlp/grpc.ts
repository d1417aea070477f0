// OTLP over gRPC. Requests stay bytes until our own decoder reads them: grpc-js would answer INTERNAL for bad data, OTLP wants INVALID_ARGUMENT.
import { Metadata, Server, ServerCredentials, type status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js'
import { MeshError } from '#server/contracts/errors.ts'
import type { TlsFiles } from '#server/run/tls.ts'
import type { Senders } from '../senders.ts'
import { BODY } from './body.ts'
import { receive, responseProtobuf, type Receiver, type Signal } from './receive.ts'
import { refusalOf, statusProtobuf } from './status.ts'

const CONCURRENT_STREAMS_MAX = 256

export interface OtlpGrpcOptions {
  receiver: Receiver
  senders: Senders
  bind: string
  tls: TlsFiles | null
  port: number
}

/** Listens when it resolves. */
export async function startOtlpGrpc(options: OtlpGrpcOptions): Promise<AsyncDisposable & { port: number }> {
  const server = new Server({
    'grpc.max_receive_message_length': BODY.bytesMax,
    'grpc.max_concurrent_streams': CONCURRENT_STREAMS_MAX,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
  })
  server.addService(service('trace', 'TraceService'), { Export: handler('traces', options) })
  server.addService(service('metrics', 'MetricsService'), { Export: handler('metrics', options) })
  server.addService(service('logs', 'LogsService'), { Export: handler('logs', options) })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${options.bind}:${options.port}`, credentialsOf(options.tls), (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  return {
    port,
    async [Symbol.asyncDispose]() {
      const late = setTimeout(() => server.forceShutdown(), 3000)
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      clearTimeout(late)
    },
  }
}

function credentialsOf(tls: TlsFiles | null): ServerCredentials {
  return tls ? ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]) : ServerCredentials.createInsecure()
}

function service(signal: 'trace' | 'metrics' | 'logs', name: string) {
  const same = (bytes: Buffer) => bytes
  return {
    Export: {
      path: `/opentelemetry.proto.collector.${signal}.v1.${name}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  } as const
}

function handler(signal: Signal, { receiver, senders }: OtlpGrpcOptions) {
  return (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
    const [authorization] = call.metadata.get('authorization')
    senders
      .identify(authorization === undefined ? null : String(authorization))
      .then((sender) => receive(receiver, signal, 'protobuf', call.request, sender))
      .then(
        (partial) => answer(null, responseProtobuf(partial)),
        (error: unknown) => {
          const refusal = refusalOf(error)
          receiver.counters.refuse(error instanceof MeshError ? error.code : 'internal')
          const metadata = new Metadata()
          if (refusal.retry) metadata.set('grpc-status-details-bin', statusProtobuf(refusal))
          answer({ code: refusal.grpc as status, details: refusal.message, metadata }) // FAILURES holds google.rpc codes
        },
      )
  }
}
