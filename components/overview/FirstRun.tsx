import { paths } from '#components/paths.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'

/** Nothing is connected yet: the two ways in, and the sample fleet, each with its exact command. */
export function FirstRun({ otlpHttp }: { otlpHttp: string }) {
  return (
    <Card className="max-w-3xl">
      <h2 className="m-0 text-lg font-semibold">Nothing is connected yet</h2>
      <p className="m-0 mt-1 mb-4 max-w-[64ch] text-muted">Begin with what you already run. This page fills with the first span or the first sidecar; nothing has to be reloaded.</p>
      <ol className="m-0 grid list-none grid-cols-[minmax(0,1fr)] gap-5 p-0">
        <Way title="See what your agents do" says="Point any OpenTelemetry SDK here and change nothing else. Calls, errors, latency and traces appear.">
          <Copyable text={`OTEL_EXPORTER_OTLP_ENDPOINT=${otlpHttp}`} code block />
        </Way>
        <Way title="Steer and protect them" says="A sidecar beside a running process gives it an identity, mTLS and routes. Plain HTTP ones are fine.">
          <Copyable text="npx heddle sidecar --agent my-agent --version v1 --port 8000" code block />
        </Way>
        <Way title="Or look at a mesh that lives" says="Seven small agents behind real Envoys, with traffic. One click removes them again.">
          <Copyable text="npx heddle sample run" code block />
        </Way>
      </ol>
      <div className="mt-5"><ButtonLink look="primary" href={paths.connect()}>Connect an agent</ButtonLink></div>
    </Card>
  )
}

function Way({ title, says, children }: { title: string; says: string; children: React.ReactNode }) {
  return (
    <li className="min-w-0">
      <h3 className="m-0 text-md font-medium">{title}</h3>
      <p className="m-0 mb-1.5 text-base text-muted">{says}</p>
      {children}
    </li>
  )
}
