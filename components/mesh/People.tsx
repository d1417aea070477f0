'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Role } from '#server/contracts/security.ts'
import { answer, api } from '#components/api.ts'
import { usePerson, useWhyNot } from '#components/shell/access.ts'
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
import { toast } from '#components/ui/Toast.tsx'
import { call } from './call.ts'
import { Loaded } from './Loaded.tsx'

type User = Awaited<ReturnType<typeof readUsers>>['items'][number]

const readUsers = () => answer(api.users.$get({ query: { limit: '1000' } }))
const ROLES = [{ id: 'viewer', title: 'viewer, reads' }, { id: 'operator', title: 'operator, changes the mesh' }, { id: 'admin', title: 'admin, changes who may' }] as const

/** Who may sign in, and as what. */
export function People() {
  const why = useWhyNot('admin')
  const query = useQuery({ queryKey: ['users'], queryFn: readUsers, enabled: why === null })
  const me = usePerson().name
  const client = useQueryClient()
  const [dialog, setDialog] = useState<{ kind: 'add' } | { kind: 'remove'; user: User } | { kind: 'link'; url: string; name: string } | null>(null)
  const refresh = () => void client.invalidateQueries({ queryKey: ['users'] })
  const failed = (error: Error) => toast('bad', 'That was not done', error.message)
  const change = useMutation({ mutationFn: ({ id, role }: { id: string; role: Role }) => call<User>(`/users/${encodeURIComponent(id)}`, { method: 'PATCH', body: { role } }), onSuccess: refresh, onError: failed })
  const link = useMutation({ mutationFn: (user: User) => answer(api.auth.links.$post({ json: { email: user.email } })), onSuccess: ({ url, email }) => setDialog({ kind: 'link', url, name: email }), onError: failed })
  if (why) return <Card title="People"><EmptyState kind="forbidden" title="You may not see who may sign in">{why}.</EmptyState></Card>
  const columns: Column<User>[] = [
    { id: 'name', header: 'Name', sortBy: (user) => user.name, cell: (user) => <span className="font-medium">{user.name}{user.email === me || user.name === me ? <span className="font-normal text-muted"> (you)</span> : null}</span> },
    { id: 'email', header: 'Address', muted: true, cell: (user) => user.email },
    { id: 'role', header: 'Role', cell: (user) => <Select small label={`Role of ${user.name}`} labelHidden options={ROLES.map((role) => ({ id: role.id, title: role.id }))} value={user.role} onChange={(role) => { if (role !== user.role) change.mutate({ id: user.id, role }) }} className="w-32" /> },
    { id: 'seen', header: 'Last here', muted: true, sortBy: (user) => user.lastSeen, cell: (user) => (user.lastSeen ? <RelativeTime at={user.lastSeen} /> : 'never') },
    { id: 'password', header: 'Password', muted: true, cell: (user) => (user.hasPassword ? 'set' : 'none, comes by a link') },
    { id: 'act', header: <span className="sr-only">Actions</span>, right: true, cell: (user) => <span className="inline-flex gap-1"><Button small look="quiet" aria-label={`Sign-in link for ${user.name}`} onPress={() => link.mutate(user)}>Sign-in link</Button><Button small look="quiet" aria-label={`Remove ${user.name}`} why={user.email === me || user.name === me ? 'This is you' : null} onPress={() => setDialog({ kind: 'remove', user })}>Remove…</Button></span> },
  ]
  return (
    <>
      <Card flush title="People" note="a new role ends a person’s sessions" actions={<Button small onPress={() => setDialog({ kind: 'add' })}>Let somebody in</Button>}>
        <Loaded query={query} what="the people">{({ items }) => <DataTable label="People" columns={columns} rows={items} rowKey={(user) => user.id} empty={<EmptyState kind="no-data" title="Nobody yet" />} />}</Loaded>
      </Card>
      {dialog?.kind === 'add' && <AddPerson onClose={() => setDialog(null)} onAdded={(url, name) => { refresh(); setDialog({ kind: 'link', url, name }) }} />}
      {dialog?.kind === 'remove' && <RemovePerson user={dialog.user} onClose={() => setDialog(null)} onRemoved={() => { refresh(); setDialog(null) }} />}
      {dialog?.kind === 'link' && (
        <Dialog title={`A link for ${dialog.name}`} open alert onClose={() => setDialog(null)} actions={<Button look="primary" onPress={() => setDialog(null)}>I have it</Button>}>
          <div className="grid gap-3"><Notice state="warn">Whoever opens it is signed in as {dialog.name}. It works once, within 15 minutes.</Notice><Copyable text={dialog.url} code block label="the link" /></div>
        </Dialog>
      )}
    </>
  )
}

function AddPerson({ onClose, onAdded }: { onClose: () => void; onAdded: (url: string, name: string) => void }) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const add = useMutation({ mutationFn: () => answer(api.users.$post({ json: { email: email.trim(), role } })), onSuccess: (made) => onAdded(made.signInUrl, made.email) })
  return (
    <Dialog title="Let somebody in" open onClose={onClose} actions={<><Button look="quiet" onPress={onClose}>Not now</Button><Button look="primary" why={email.includes('@') ? null : 'Type an address first'} isPending={add.isPending} onPress={() => add.mutate()}>Make the account</Button></>}>
      <div className="grid gap-3">
        <Field label="E-mail address" type="email" value={email} onChange={setEmail} autoFocus hint="Heddle sends nothing; you hand on the link." />
        <Select label="Role" options={ROLES} value={role} onChange={setRole} />
        {add.error && <Notice state="bad">Not made: {add.error.message}</Notice>}
      </div>
    </Dialog>
  )
}

function RemovePerson({ user, onClose, onRemoved }: { user: User; onClose: () => void; onRemoved: () => void }) {
  const remove = useMutation({ mutationFn: () => answer(api.users[':id'].$delete({ param: { id: user.id } })), onSuccess: onRemoved })
  return (
    <Dialog title={`Remove ${user.name}?`} open alert onClose={onClose} actions={<><Button look="quiet" onPress={onClose}>Keep them</Button><Button look="danger" isPending={remove.isPending} onPress={() => remove.mutate()}>Remove from Heddle</Button></>}>
      <p className="m-0">Their sessions and tokens end now. What they did stays in Changes and in the audit.</p>
      {remove.error && <Notice state="bad">Not removed: {remove.error.message}</Notice>}
    </Dialog>
  )
}
