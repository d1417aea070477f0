'use client'
import { useMemo } from 'react'
import type { Trace } from '#server/contracts/telemetry.ts'
import { call } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { formatCount, formatShare, plural } from '#components/ui/format.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Skeleton } from '#components/ui/Skeleton.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { toast } from '#components/ui/Toast.tsx'
import { paths } from '#components/paths.ts'
import { saveFile } from '#components/save-file.ts'
import type { ShownTrace } from './columns.ts'
import { slowestService } from './critical-path.ts'
import { layOut } from './laid-out.ts'
import { printDuration } from './scale.ts'
import { TraceView } from './TraceView.tsx'
import { useTrace } from './use-trace.ts'

/** One trace. */
export function TracePage({ traceId }: { traceId: string }) {
  const query = useTrace(traceId)
  const title = query.data ? titleOf(query.data) : `Trace ${traceId.slice(0, 8)}`
  return (
    <Page title={title} crumbs={[{ href: paths.traces(), label: 'Traces' }]}
      actions={query.data && <><ButtonLink href={onGraph(query.data)}>On the graph</ButtonLink><ButtonLink href={paths.compareTraces(traceId)}>Compare</ButtonLink><Button onPress={() => void download(traceId)}><Icon name="download" size={14} />OTLP JSON</Button></>}>
      <Loaded query={query} what={`the trace ${traceId}`} skeleton={<div role="status" aria-label="Loading the trace" className="grid gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]"><Skeleton className="h-[520px] w-full" /><Skeleton className="h-[520px] w-full" /></div>}>
        {(trace) => <><Summary trace={trace} /><TraceView trace={trace} /></>}
      </Loaded>
    </Page>
  )
}

function Summary({ trace }: { trace: ShownTrace }) {
  const facts = useMemo(() => {
    const { tree, segments } = layOut(trace)
    return {
      durationMs: tree.durationMs,
      slowest: slowestService(tree, segments),
      services: new Set(trace.spans.map((span) => span.service)).size,
      errors: trace.spans.filter((span) => span.status === 'error').length,
      tokens: trace.spans.reduce((sum, span) => sum + (span.genAi?.inputTokens ?? 0) + (span.genAi?.outputTokens ?? 0), 0),
      conversation: trace.spans.find((span) => span.genAi?.conversation)?.genAi?.conversation ?? null,
      // Who sent it is said by spans in full alone.
      unattested: trace.brief ? 0 : trace.spans.filter((span) => span.sender === null).length,
    }
  }, [trace])
  return (
    <p className="m-0 mb-3.5 flex flex-wrap items-center gap-x-6 gap-y-1 text-muted">
      <LocalTime at={trace.startedAt} />
      <span><b className="font-semibold text-text">{printDuration(facts.durationMs)}</b>{facts.slowest && facts.services > 1 && <>, {formatShare(facts.slowest.share)} of it in {facts.slowest.service}</>}</span>
      <span>{plural(trace.spans.length, 'span')}, {plural(facts.services, 'service')}</span>
      {facts.tokens > 0 && <span>{formatCount(facts.tokens)} tokens</span>}
      {facts.errors > 0 && <span className="flex items-center gap-1.5 text-bad"><StateMark state="bad" />{plural(facts.errors, 'failed span')}</span>}
      {facts.unattested > 0 && <span title="Sent without a token or an identity">{facts.unattested === trace.spans.length ? 'unattested' : `${formatCount(facts.unattested)} unattested`}</span>}
      {facts.conversation && <Link href={paths.session(facts.conversation)} className="min-w-0 max-w-64 truncate" title={facts.conversation}>conversation {facts.conversation}</Link>}
      <Copyable text={trace.traceId} label="the trace id" />
    </p>
  )
}

const TITLE_CHARS = 120
const AROUND_MS = 150_000
const YOUNG_MS = 600_000

/** What was asked first, in the words of whoever asked; without recorded words, where the trace began. */
function titleOf({ spans, traceId }: Trace): string {
  const asked = spans.map((span) => span.genAi?.messages.find((message) => message.role === 'user')?.content.trim()).find(Boolean)
  if (asked) return asked.length > TITLE_CHARS ? `${asked.slice(0, TITLE_CHARS)}…` : asked
  const root = spans.find((span) => span.parentSpanId === null) ?? spans[0]
  return root ? `${root.service} ${root.name}` : `Trace ${traceId.slice(0, 8)}`
}

/** The graph of that time: some minutes, so that the edges have figures; of a young trace the graph of now, whose figures still come in. */
function onGraph({ traceId, startedAt, durationMs }: ShownTrace): string {
  if (Date.now() - Date.parse(startedAt) < YOUNG_MS) return paths.graph({ trace: traceId })
  const at = (ms: number) => new Date(Date.parse(startedAt) + ms).toISOString()
  return paths.graph({ trace: traceId, from: at(-AROUND_MS), to: at(durationMs + AROUND_MS) })
}

async function download(traceId: string): Promise<void> {
  try {
    const { body } = await call<unknown>(`/traces/${encodeURIComponent(traceId)}`, { query: { format: 'otlp' } })
    saveFile(`trace-${traceId}.json`, new Blob([JSON.stringify(body)], { type: 'application/json' }))
  } catch (error) {
    toast('bad', 'The trace cannot be downloaded', error instanceof Error ? error.message : undefined)
  }
}
