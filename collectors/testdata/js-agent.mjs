// A JavaScript agent with the stock SDK, which the environment alone points somewhere. Prints its trace id when everything is sent.
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'

const sdk = new NodeSDK()
sdk.start()
const span = trace.getTracer('js-agent').startSpan('chat small-1', {
  kind: SpanKind.CLIENT,
  attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'small-1', 'gen_ai.usage.input_tokens': 41, 'gen_ai.usage.output_tokens': 17, tags: ['a', 'b'], share: 0.1, sure: true },
})
span.addEvent('first token', { 'after.ms': 12 })
span.setStatus({ code: SpanStatusCode.OK })
span.end()
await sdk.shutdown()
process.stdout.write(span.spanContext().traceId)
