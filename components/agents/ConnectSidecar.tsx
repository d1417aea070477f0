'use client'
import { useState, type FormEvent } from 'react'
import { DnsLabel, VersionName } from '#server/contracts/ids.ts'
import { messageOf } from '#server/contracts/errors.ts'
import { readJson } from '#components/read-json.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { Field } from '#components/ui/Field.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { useNow } from '#components/ui/RelativeTime.tsx'
import { formatLong } from '#components/ui/format.ts'
import { Arrival } from './Arrival.tsx'

interface JoinToken {
  token: string
  agent: string
  namespace: string
  expiresAt: string
}

/** Names an agent, makes its token, shows the one command, and waits for the sidecar. */
export function ConnectSidecar({ agent, control }: { agent: string; control: string }) {
  const why = useWhyNot('operator')
  const [form, setForm] = useState({ agent, namespace: 'default', version: 'v1', port: '8000' })
  const [made, setMade] = useState<{ token: JoinToken; at: number; command: string } | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const wrong = checkForm(form)
  const make = async (event: FormEvent) => {
    event.preventDefault()
    if (wrong.first || why) return
    setBusy(true)
    setError(null)
    try {
      const token = await readJson<JoinToken>('/api/v1/join-tokens', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ agent: form.agent, namespace: form.namespace }) })
      setMade({ token, at: Date.now(), command: commandOf(form, token.token, control) })
    } catch (thrown) {
      setError(messageOf(thrown))
    } finally {
      setBusy(false)
    }
  }
  const set = (name: keyof typeof form) => (value: string) => {
    setForm({ ...form, [name]: value })
    setMade(null)
  }
  return (
    <Card title="Start a sidecar beside it">
      <p className="m-0 mb-3 text-muted">The process that you already run stays as it is, and so may its protocol: plain HTTP, A2A, MCP, gRPC. The sidecar takes the calls to it and sends its own.</p>
      <form onSubmit={(event) => void make(event)} className="grid gap-3">
        <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
          <Field label="Name of the agent" value={form.agent} onChange={set('agent')} error={form.agent === '' ? null : wrong.agent} placeholder="my-agent" autoComplete="off" />
          <Field label="Namespace" value={form.namespace} onChange={set('namespace')} error={wrong.namespace} autoComplete="off" />
          <Field label="Version" value={form.version} onChange={set('version')} error={wrong.version} autoComplete="off" />
          <Field label="Port that it listens on" inputMode="numeric" value={form.port} onChange={set('port')} error={wrong.port} autoComplete="off" />
        </div>
        {error && <Notice state="bad">{error}</Notice>}
        <Button look={made ? 'plain' : 'primary'} type="submit" why={why ?? wrong.first} isDisabled={busy} className="justify-self-start">{made ? 'Make another token' : 'Make a join token'}</Button>
      </form>
      {made && <Command made={made} />}
    </Card>
  )
}

function Command({ made: { token, at, command } }: { made: { token: JoinToken; at: number; command: string } }) {
  const left = Date.parse(token.expiresAt) - useNow()
  return (
    <div className="mt-4 border-t border-line pt-3.5">
      <p className="m-0 mb-2 text-muted">On the machine of {token.agent}, beside it:</p>
      <Copyable text={command} code block label="the command" />
      <p className="mt-2 mb-0 text-base text-muted">{left > 0 ? `The token is shown this once, lets one sidecar in, and ends in ${formatLong(left)}.` : 'The token has ended: make another one.'} The sidecar prints the address that {token.agent} sends its own calls through.</p>
      <Arrival waitsFor={`the sidecar of ${token.agent}`} since={at} find={(agents) => agents.find((agent) => agent.namespace === token.namespace && agent.name === token.agent && agent.instances.ready > 0) ?? null} />
    </div>
  )
}

function commandOf(form: { agent: string; namespace: string; version: string; port: string }, token: string, control: string): string {
  const namespace = form.namespace === 'default' ? '' : ` --namespace ${form.namespace}`
  return `npx heddle sidecar --control ${control} --token ${token} --agent ${form.agent}${namespace} --version ${form.version} --port ${form.port}`
}

/** What is wrong with each field, and the first of it for the button. */
function checkForm(form: { agent: string; namespace: string; version: string; port: string }) {
  const issue = (schema: typeof DnsLabel | typeof VersionName, value: string) => schema.safeParse(value).error?.issues[0]?.message ?? null
  const port = Number(form.port)
  const wrong = {
    agent: form.agent === '' ? 'Name the agent' : issue(DnsLabel, form.agent),
    namespace: issue(DnsLabel, form.namespace),
    version: issue(VersionName, form.version),
    port: Number.isInteger(port) && port >= 1 && port <= 65_535 ? null : 'A port is a number from 1 to 65535',
  }
  return { ...wrong, first: wrong.agent ?? wrong.namespace ?? wrong.version ?? wrong.port }
}
