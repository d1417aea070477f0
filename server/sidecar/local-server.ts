// The sidecar's gRPC socket, for its own Envoy: ADS, SDS and OTLP.
import { rmSync } from 'node:fs'
import { Server, ServerCredentials, type ServiceDefinition, type UntypedHandleCall } from '@grpc/grpc-js'
import type { AdsRelay } from './ads-relay.ts'
import { OTLP_PATHS, type OtlpRelay } from './otlp-relay.ts'
import { EXT_PROC_PATH, type ExtProcRelay } from './ext-proc-relay.ts'
import type { SecretServer } from './sds.ts'

/** An Envoy that is stopped leaves its connections open for ever; one that misses a ping for a second is gone. */
const OPTIONS = { 'grpc.keepalive_time_ms': 2000, 'grpc.keepalive_timeout_ms': 1000, 'grpc.max_receive_message_length': 64 * 2 ** 20, 'grpc.max_send_message_length': -1 }

export async function serveEnvoy(socket: string, services: { ads: AdsRelay; secrets: SecretServer; otlp: OtlpRelay; extProc: ExtProcRelay }): Promise<AsyncDisposable> {
  const { ads, secrets, otlp, extProc } = services
  rmSync(socket, { force: true }) // of a life before
  const server = new Server(OPTIONS)
  add(server, '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources', 'streams', ads.handler)
  add(server, '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets', 'streams', secrets.stream)
  add(server, '/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets', 'streams', secrets.delta)
  add(server, EXT_PROC_PATH, 'streams', extProc.handler)
  for (const path of Object.values(OTLP_PATHS)) add(server, path, 'unary', otlp.handler(path))
  await new Promise<void>((resolve, reject) => server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())))
  return {
    async [Symbol.asyncDispose]() {
      server.forceShutdown()
    },
  }
}

const bytes = (message: Buffer) => message

function add(server: Server, path: string, form: 'streams' | 'unary', handler: UntypedHandleCall): void {
  const streams = form === 'streams'
  const definition: ServiceDefinition = {
    method: { path, requestStream: streams, responseStream: streams, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
  }
  server.addService(definition, { method: handler })
}
