'use client'
import { useState, useSyncExternalStore, type FormEvent } from 'react'
import { readJson } from '#components/read-json.ts'
import { Button } from '#components/ui/Button.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { messageOf } from '#server/contracts/errors.ts'
import { localPath, post } from './session.ts'

type Step = { at: 'sign-in' } | { at: 'choose-password'; name: string }

/** Signing in by password or by a one-time link, whose secret stands in the fragment that no server sees. */
export function SignIn({ next }: { next: string }) {
  const secret = useLinkSecret()
  const [step, setStep] = useState<Step>({ at: 'sign-in' })
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const go = () => location.assign(localPath(next))
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setError(null)
    try {
      await work()
    } catch (thrown) {
      setError(messageOf(thrown))
      setBusy(false)
    }
  }
  const openLink = () =>
    attempt(async () => {
      await post('/api/v1/auth/link', { secret })
      const session = await readJson<{ name: string; hasPassword: boolean }>('/api/v1/auth/session')
      history.replaceState(null, '', location.pathname + location.search)
      if (session.hasPassword) return go()
      setBusy(false)
      setStep({ at: 'choose-password', name: session.name })
    })
  const title = step.at === 'choose-password' ? 'Choose a password' : secret ? 'You have a sign-in link' : 'Sign in'
  return (
    <section className="grid gap-3.5 rounded-lg border border-line bg-surface p-5" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title" className="m-0 text-xl font-semibold tracking-[-0.015em]">{title}</h1>
      {error && <Notice state="bad">{error}</Notice>}
      {step.at === 'choose-password' ? (
        <ChoosePassword name={step.name} busy={busy} onLater={go} onChosen={(password) => void attempt(async () => { await post('/api/v1/auth/password', { password }, 'PUT'); go() })} />
      ) : secret ? (
        <>
          <p className="m-0 text-base text-muted">It works once, and only here. Opening the page did not use it up; the button does.</p>
          <Button look="primary" isDisabled={busy} onPress={() => void openLink()}>{busy ? 'Signing in …' : 'Sign in with this link'}</Button>
        </>
      ) : (
        <PasswordForm busy={busy} onSubmit={(email, password) => void attempt(async () => { await post('/api/v1/auth/sign-in', { email, password }); go() })} />
      )}
      {step.at === 'sign-in' && (
        <p className="m-0 border-t border-line pt-3 text-sm text-muted">
          No password yet, or forgotten? On the machine that runs Heddle, this prints a link:
          <span className="mt-1.5 block"><Copyable text="npx heddle sign-in" code /></span>
        </p>
      )}
    </section>
  )
}

function PasswordForm({ busy, onSubmit }: { busy: boolean; onSubmit: (email: string, password: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    onSubmit(String(data.get('email')), String(data.get('password')))
  }
  return (
    <form onSubmit={submit} className="grid gap-3">
      <Field label="E-mail address" name="email" type="email" autoComplete="username" isRequired autoFocus />
      <Field label="Password" name="password" type="password" autoComplete="current-password" isRequired />
      <Button look="primary" type="submit" isDisabled={busy} className="mt-1">{busy ? 'Signing in …' : 'Sign in'}</Button>
    </form>
  )
}

const PASSWORD_MIN = 12

function ChoosePassword({ name, busy, onChosen, onLater }: { name: string; busy: boolean; onChosen: (password: string) => void; onLater: () => void }) {
  const [password, setPassword] = useState('')
  const wrong = password.length > 0 && password.length < PASSWORD_MIN ? `${PASSWORD_MIN - password.length} more characters` : null
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (password.length >= PASSWORD_MIN) onChosen(password)
      }}
    >
      <p className="m-0 text-base text-muted">You are signed in as {name}. With a password you can come back without a link.</p>
      <input type="hidden" name="username" autoComplete="username" value={name} readOnly />
      <Field label="New password" type="password" autoComplete="new-password" value={password} onChange={setPassword} hint={`At least ${PASSWORD_MIN} characters`} error={wrong} autoFocus />
      <div className="flex gap-2">
        <Button look="primary" type="submit" why={password.length < PASSWORD_MIN ? `A password has at least ${PASSWORD_MIN} characters` : null} isDisabled={busy}>Set it and go on</Button>
        <Button look="quiet" onPress={onLater}>Later</Button>
      </div>
    </form>
  )
}

/** The secret of `#link=…`; null on the server and without one. */
function useLinkSecret(): string | null {
  return useSyncExternalStore(
    (changed) => {
      addEventListener('hashchange', changed)
      return () => removeEventListener('hashchange', changed)
    },
    () => new URLSearchParams(location.hash.slice(1)).get('link'),
    () => null,
  )
}
