'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '#components/api.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Loaded } from './Loaded.tsx'

const LENGTH_MIN = 12

/** One's own password; a person who came by a link has none yet. */
export function OwnPassword() {
  const session = useQuery({ queryKey: ['session'], queryFn: () => answer(api.auth.session.$get()) })
  return (
    <Card title="Your password" className="max-w-xl">
      <Loaded query={session} what="your session">
        {({ name, kind, hasPassword }) => (kind === 'user' ? <PasswordForm name={name} hasPassword={hasPassword} /> : <p className="m-0 text-muted">You are signed in with a token, which has no password.</p>)}
      </Loaded>
    </Card>
  )
}

function PasswordForm({ name, hasPassword }: { name: string; hasPassword: boolean }) {
  const client = useQueryClient()
  const [current, setCurrent] = useState('')
  const [wanted, setWanted] = useState('')
  const [again, setAgain] = useState('')
  const set = useMutation({
    mutationFn: () => answer(api.auth.password.$put({ json: { password: wanted, ...(hasPassword ? { current } : {}) } })),
    onSuccess: () => { setCurrent(''); setWanted(''); setAgain(''); void client.invalidateQueries({ queryKey: ['session'] }) },
  })
  const short = wanted !== '' && wanted.length < LENGTH_MIN
  const differs = again !== '' && again !== wanted
  const why = wanted === '' ? 'Type the new password first' : short ? `At least ${LENGTH_MIN} characters` : again !== wanted ? 'Type the new password twice' : hasPassword && current === '' ? 'Type the present password first' : null
  return (
    <form className="grid gap-3" onSubmit={(event) => { event.preventDefault(); if (!why) set.mutate() }}>
      <p className="m-0 text-muted">{hasPassword ? `For ${name}. Your other sessions end when it is changed.` : `${name} came by a one-time link and has no password yet.`}</p>
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      {hasPassword && <Field label="Present password" type="password" autoComplete="current-password" value={current} onChange={setCurrent} />}
      <Field label="New password" type="password" autoComplete="new-password" value={wanted} onChange={setWanted} error={short ? `at least ${LENGTH_MIN} characters` : undefined} />
      <Field label="New password again" type="password" autoComplete="new-password" value={again} onChange={setAgain} error={differs ? 'the two are not the same' : undefined} />
      {set.error && <Notice state="bad">Not changed: {set.error.message}</Notice>}
      {set.isSuccess && <Notice state="ok">Changed. Your other sessions have ended.</Notice>}
      <div><Button look="primary" type="submit" why={why} isPending={set.isPending}>Set the password</Button></div>
    </form>
  )
}
