'use client'
import { useMutation } from '@tanstack/react-query'
import type { PolicyProposal } from '#server/contracts/policy-trial.ts'
import { call } from '#components/mesh/call.ts'
import { editable } from '#components/mesh/editable.ts'
import { valueAt } from '#components/mesh/pointer.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { plural } from '#components/ui/format.ts'
import { Notice } from '#components/ui/Notice.tsx'

/** Fills a new access policy with the least that lets the last hour's calls through. */
export function ProposeCard({ object, why, onProposed }: { object: Record<string, unknown>; why: string | null; onProposed: (object: Record<string, unknown>) => void }) {
  const [namespace, agent] = [valueAt(object, '/metadata/namespace') ?? 'default', valueAt(object, '/spec/targetRefs/0/name')]
  const propose = useMutation({
    mutationFn: async () => (await call<PolicyProposal>(`/namespaces/${encodeURIComponent(String(namespace))}/agents/${encodeURIComponent(String(agent))}/proposed-policy`)).body,
    onSuccess: ({ policy }) => policy && onProposed(editable(policy)),
  })
  const blocked = why ?? (typeof agent !== 'string' || agent === '' ? 'Name the agent first' : null)
  return (
    <Card title="From observed traffic">
      <div className="grid gap-3">
        <p className="m-0 text-muted">The least policy that lets the calls of the last hour through: who called, with which methods and paths.</p>
        <span><Button why={blocked} isPending={propose.isPending} onPress={() => propose.mutate()}>Propose it</Button></span>
        {propose.error && <Notice state="bad">No proposal: {propose.error.message}.</Notice>}
        {propose.data && <Notice state={propose.data.policy ? 'info' : 'warn'}>From {plural(propose.data.calls, 'call')}. {propose.data.notes.join(' ')}</Notice>}
      </div>
    </Card>
  )
}
