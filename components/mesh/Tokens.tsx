'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Role } from '#server/contracts/security.ts'
import { answer, api } from '#components/api.ts'
import { usePerson } from '#components/shell/access.ts'
import { asks } from '#components/asks.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { Dialog } from '#components/ui/Dialog.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { RelativeTime } from '#components/ui/RelativeTime.tsx'
import { Select } from '#components/ui/Select.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { Loaded } from './Loaded.tsx'

type ApiToken = Awaited<ReturnType<typeof readTokens>>['items'][number]

const readTokens = () => answer(api.tokens.$get({ query: {} }))
const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']
const DAYS = ['1', '7', '30', '90', '365'] as const
const STATES = { valid: 'ok', expired: 'idle', revoked: 'idle' } as const

/** Tokens for programs: made once, shown once, ending by themselves. */
export function Tokens() {
  const query = useQuery({ queryKey: asks.tokens().key, queryFn: readTokens })
  const client = useQueryClient()
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<ApiToken | null>(null)
  const revoke = useMutation({ mutationFn: (id: string) => answer(api.tokens[':id'].$delete({ param: { id } })), onSuccess: () => { setRevoking(null); void client.invalidateQueries({ queryKey: ['tokens'] }) } })
  const columns: Column<ApiToken>[] = [
    { id: 'name', header: 'Name', sortBy: (token) => token.name, cell: (token) => <span className="font-medium">{token.name}</span> },
    { id: 'prefix', header: 'Begins with', muted: true, cell: (token) => <code className="text-xs">{token.prefix}…</code> },
    { id: 'role', header: 'Role', cell: (token) => token.role },
    { id: 'by', header: 'Made by', muted: true, cell: (token) => <>{token.createdBy}, <RelativeTime at={token.createdAt} /></> },
    { id: 'used', header: 'Last used', muted: true, sortBy: (token) => token.lastUsedAt, cell: (token) => (token.lastUsedAt ? <RelativeTime at={token.lastUsedAt} /> : 'never') },
    { id: 'ends', header: 'Ends', muted: true, sortBy: (token) => token.expiresAt, cell: (token) => (token.expiresAt ? <RelativeTime at={token.expiresAt} /> : 'never') },
    { id: 'state', header: 'State', cell: (token) => <Tag state={STATES[token.state]}>{token.state === 'valid' ? 'Valid' : token.state === 'expired' ? 'Expired' : 'Revoked'}</Tag> },
    { id: 'act', header: <span className="sr-only">Actions</span>, right: true, cell: (token) => token.state === 'valid' && <Button small look="quiet" aria-label={`Revoke ${token.name}`} onPress={() => setRevoking(token)}>Revoke…</Button> },
  ]
  return (
    <>
      <Card flush title="API tokens" note="for programs; a token can do at most what its maker can" actions={<Button small onPress={() => setMaking(true)}>New token</Button>}>
        <Loaded query={query} what="the tokens">
          {({ items }) => <DataTable label="API tokens" columns={columns} rows={items} rowKey={(token) => token.id} empty={<EmptyState kind="no-data" title="No token yet">Programs and the command line on other machines sign in with a token.</EmptyState>} />}
        </Loaded>
      </Card>
      {making && <NewToken onClose={() => setMaking(false)} />}
      {revoking && (
        <Dialog title={`Revoke ${revoking.name}?`} open alert onClose={() => setRevoking(null)} actions={<><Button look="quiet" onPress={() => setRevoking(null)}>Keep it</Button><Button look="danger" isPending={revoke.isPending} onPress={() => revoke.mutate(revoking.id)}>Revoke the token</Button></>}>
          <p className="m-0">What signs in with it is refused from now on. This cannot be taken back.</p>
          {revoke.error && <Notice state="bad">Not revoked: {revoke.error.message}</Notice>}
        </Dialog>
      )}
    </>
  )
}

function NewToken({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const own = usePerson().role
  const roles = ROLES.slice(0, Math.max(0, ROLES.findIndex((role) => role === own)) + 1)
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [days, setDays] = useState<(typeof DAYS)[number]>('90')
  const make = useMutation({ mutationFn: () => answer(api.tokens.$post({ json: { name: name.trim(), role, expiresInDays: Number(days) } })), onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }) })
  if (make.data) {
    return (
      <Dialog title="Copy the token now" open alert onClose={onClose} actions={<Button look="primary" onPress={onClose}>I have it</Button>}>
        <div className="grid gap-3">
          <Notice state="warn">It is shown this once. Heddle keeps only a hash of it.</Notice>
          <Copyable text={make.data.token} code block label="the token" />
          <p className="m-0 text-muted">“{make.data.name}”, {make.data.role}, ends <RelativeTime at={make.data.expiresAt} />.</p>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog title="New token" open onClose={onClose} actions={<><Button look="quiet" onPress={onClose}>Not now</Button><Button look="primary" why={name.trim() === '' ? 'Give it a name first' : null} isPending={make.isPending} onPress={() => make.mutate()}>Make the token</Button></>}>
      <div className="grid gap-3">
        <Field label="Name: what will use it" value={name} onChange={setName} maxLength={100} autoFocus />
        <Select label="Role" options={roles.map((each) => ({ id: each, title: each }))} value={role} onChange={setRole} />
        <Select label="Ends after" options={DAYS.map((each) => ({ id: each, title: each === '1' ? '1 day' : `${each} days` }))} value={days} onChange={setDays} />
        {make.error && <Notice state="bad">Not made: {make.error.message}</Notice>}
      </div>
    </Dialog>
  )
}
