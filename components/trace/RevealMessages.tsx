'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Span, Trace } from '#server/contracts/telemetry.ts'
import { call } from '#components/mesh/call.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Notice } from '#components/ui/Notice.tsx'

const REASON_MIN = 3
const keyOf = (traceId: string) => ['revealed', traceId] as const

/** The span with its messages, once somebody on this page gave a reason to see those of its trace. */
export function useRevealed(traceId: string, span: Span): Span {
  const { data } = useQuery<Trace | null>({ queryKey: keyOf(traceId), queryFn: () => null, enabled: false, staleTime: Number.POSITIVE_INFINITY, gcTime: 0 })
  return data?.spans.find((one) => one.spanId === span.spanId && one.service === span.service) ?? span
}

/** Messages are recorded and not shown: to see them one says why, and that is in the audit. */
export function RevealMessages({ traceId }: { traceId: string }) {
  const client = useQueryClient()
  const notOperator = useWhyNot('operator')
  const [reason, setReason] = useState('')
  const reveal = useMutation({
    mutationFn: async () => (await call<Trace>(`/traces/${encodeURIComponent(traceId)}/reveal`, { method: 'POST', body: { reason } })).body,
    onSuccess: (trace) => client.setQueryData(keyOf(traceId), trace),
  })
  return (
    <form className="mx-4 mt-3 grid gap-2" onSubmit={(event) => { event.preventDefault(); reveal.mutate() }}>
      <Notice state="info">Messages are recorded here. Who reveals those of a trace, and why, is in the audit.</Notice>
      <div className="flex flex-wrap items-end gap-2">
        <Field label="Why do you need them?" value={reason} onChange={setReason} maxLength={500} className="min-w-40 flex-1" />
        <Button type="submit" why={notOperator ?? (reason.trim().length < REASON_MIN ? 'say why, in a few words' : null)} isPending={reveal.isPending}>Reveal</Button>
      </div>
      {reveal.error && <Notice state="bad">Not revealed: {reveal.error.message}</Notice>}
    </form>
  )
}
