'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Receiver, Receivers as Stored } from '#server/contracts/objective.ts'
import { asks } from '#components/asks.ts'
import { call, reading } from '#components/mesh/call.ts'
import { Loaded } from '#components/mesh/Loaded.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Button, IconButton } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Select } from '#components/ui/Select.tsx'

const TYPES = [{ id: 'webhook', title: 'Webhook' }, { id: 'email', title: 'E-mail' }] as const

interface Line {
  name: string
  type: Receiver['type']
  /** A URL, or addresses with commas between them. */
  where: string
}

/** Who can be told of alerts. An objective names them. */
export function Receivers() {
  const { key, read } = reading<Stored>(asks.receivers())
  const query = useQuery({ queryKey: key, queryFn: read, staleTime: Number.POSITIVE_INFINITY })
  return (
    <Card title="Who can be told of alerts">
      <Loaded query={query} what="the receivers">{({ items }) => <ReceiversForm items={items} />}</Loaded>
    </Card>
  )
}

function ReceiversForm({ items }: { items: readonly Receiver[] }) {
  const client = useQueryClient()
  const why = useWhyNot('admin')
  const [lines, setLines] = useState<Line[]>(() => items.map(lineOf))
  const save = useMutation({
    mutationFn: () => call<Stored>('/receivers', { method: 'PUT', body: { items: lines.map(receiverOf) } }),
    onSuccess: ({ body }) => client.setQueryData(asks.receivers().key, body),
  })
  const attempt = useMutation({ mutationFn: (line: Line) => call<{ delivered: boolean; error: string | null }>('/receivers/test', { method: 'POST', body: receiverOf(line) }) })
  const change = (at: number, part: Partial<Line>) => setLines(lines.map((line, index) => (index === at ? { ...line, ...part } : line)))
  const tried = attempt.data?.body
  return (
    <form className="grid gap-3" onSubmit={(event) => { event.preventDefault(); save.mutate() }}>
      <p className="m-0 text-muted">A webhook gets JSON by POST, an address gets plain text. Where a webhook leads is for admins to read. Mail needs <code>HEDDLE_SMTP_URL</code>.</p>
      {lines.length === 0 && <p className="m-0 text-muted">Nobody yet: alerts are in the console alone.</p>}
      {lines.map((line, at) => (
        <div key={at} className="flex flex-wrap items-end gap-2">
          <Field label="Name" labelHidden={at > 0} value={line.name} onChange={(name) => change(at, { name })} isDisabled={why !== null} placeholder="desk" className="w-36" mono />
          {why === null
            ? <Select label="Kind" labelHidden={at > 0} options={TYPES} value={line.type} onChange={(type) => change(at, { type })} className="w-32" />
            : <Field label="Kind" labelHidden={at > 0} value={line.type} isDisabled className="w-32" />}
          <Field label="Where" labelHidden={at > 0} value={line.where} onChange={(where) => change(at, { where })} isDisabled={why !== null} placeholder={line.type === 'webhook' ? 'https://hooks.example.com/…' : 'ann@example.com'} className="min-w-56 flex-1" mono />
          <Button why={why} isPending={attempt.isPending && attempt.variables === line} onPress={() => attempt.mutate(line)} aria-label={`Try ${line.name || 'this receiver'}`}>Try</Button>
          {why === null && <IconButton label={`Remove ${line.name || 'this receiver'}`} onPress={() => setLines(lines.toSpliced(at, 1))}><Icon name="trash" size={14} /></IconButton>}
        </div>
      ))}
      {tried && <Notice state={tried.delivered ? 'ok' : 'bad'}>{tried.delivered ? `${attempt.variables?.name} took the message.` : `It was not taken: ${tried.error}`}</Notice>}
      {(attempt.error ?? save.error) && <Notice state="bad">{(attempt.error ?? save.error)?.message}</Notice>}
      {save.isSuccess && <Notice state="ok">Saved.</Notice>}
      <div className="flex gap-2">
        <Button type="submit" look="primary" why={why} isPending={save.isPending}>Save</Button>
        <Button look="quiet" why={why} onPress={() => setLines([...lines, { name: '', type: 'webhook', where: '' }])}>Add a receiver</Button>
      </div>
    </form>
  )
}

function lineOf(receiver: Receiver): Line {
  return { name: receiver.name, type: receiver.type, where: receiver.type === 'webhook' ? receiver.url : receiver.to.join(', ') }
}

function receiverOf({ name, type, where }: Line): Receiver {
  return type === 'webhook' ? { name, type, url: where.trim() } : { name, type, to: where.split(/[\s,]+/).filter((word) => word !== '') }
}
