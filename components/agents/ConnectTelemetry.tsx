'use client'
import { useState } from 'react'
import { Card } from '#components/ui/Card.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { Arrival } from './Arrival.tsx'
import type { Doors } from './ConnectPage.tsx'

/** One variable and nothing else: the agent then appears at the level “traces only”. */
export function ConnectTelemetry({ doors: { otlpHttp, otlpGrpc } }: { doors: Doors }) {
  const [since] = useState(() => Date.now())
  return (
    <Card title="Send telemetry">
      <p className="m-0 mb-2 text-muted">In the environment of a process that OpenTelemetry already instruments, and nothing else:</p>
      <Copyable text={`OTEL_EXPORTER_OTLP_ENDPOINT=${otlpHttp}`} code block label="the variable" />
      <p className="mt-3 mb-2 text-muted">A process that is not instrumented yet, in Node.js:</p>
      <Copyable text={`OTEL_EXPORTER_OTLP_ENDPOINT=${otlpHttp} OTEL_SERVICE_NAME=my-agent npx --yes --package=@opentelemetry/auto-instrumentations-node -- node --require @opentelemetry/auto-instrumentations-node/register server.js`} code block label="the command" />
      <p className="mt-3 mb-0 text-base text-muted">Exporters that speak gRPC go to {otlpGrpc}. Prompts and messages are not kept unless you turn that on for an agent.</p>
      <Arrival waitsFor="the first span of somebody new" since={since} find={() => null} />
    </Card>
  )
}
