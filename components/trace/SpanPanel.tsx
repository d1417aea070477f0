'use client'
import Link from 'next/link'
import { useState, type ReactNode } from 'react'
import type { Span } from '#server/contracts/telemetry.ts'
import { Copyable } from '#components/ui/Copyable.tsx'
import { formatCount, plural } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths } from '#components/paths.ts'
import { Peers } from './Peers.tsx'
import { RevealMessages } from './RevealMessages.tsx'
import { printDuration } from './scale.ts'
import { printValue } from './search.ts'

type Tab = 'messages' | 'attributes' | 'events' | 'peers' | 'resource'
type Attribute = { key: string; value?: unknown }

const FOLDED_CHARS = 900

/** One span in full. Everything here was sent by somebody: it is text and nothing else. */
export function SpanPanel({ traceId, span, criticalMs, isOrphan }: { traceId: string; span: Span; criticalMs: number; isOrphan: boolean }) {
  const messages = span.genAi?.messages ?? []
  const tabs: { id: Tab; label: string }[] = [
    ...(span.genAi ? [{ id: 'messages' as const, label: messages.length > 0 ? `Messages ${messages.length}` : 'Model' }] : []),
    { id: 'attributes', label: `Attributes ${span.attributes.length}` },
    { id: 'events', label: `Events ${span.events.length + span.links.length}` },
    { id: 'peers', label: 'Peers' },
    { id: 'resource', label: 'Resource' },
  ]
  const [wanted, setWanted] = useState<Tab>('messages')
  const tab = tabs.some((each) => each.id === wanted) ? wanted : 'attributes'
  return (
    <section aria-label="Selected span" className="min-w-0">
      <header className="flex flex-wrap items-center gap-2 px-4 pt-3">
        <h2 className="m-0 min-w-0 break-words text-md font-semibold">{span.service}</h2>
        {span.status === 'error' && <Tag state="bad">Failed</Tag>}
        {isOrphan && <Tag state="warn" title={`Its parent ${span.parentSpanId} has not arrived`}>Parent missing</Tag>}
      </header>
      <p className="m-0 break-words px-4 pt-0.5 text-muted">{span.name}</p>
      <div className="px-4 pt-3">
        <KeyValue rows={[
          ['Took', criticalMs > 0 ? `${printDuration(span.durationMs)}, ${printDuration(criticalMs)} of it on the critical path` : printDuration(span.durationMs)],
          ['Started', `${printDuration(span.offsetMs)} into the trace`],
          ['Kind', span.kind],
          span.statusMessage !== '' && ['Status', span.statusMessage],
          ['Sent by', span.sender ?? <span key="sender" className="inline-flex items-center gap-1.5"><StateMark state="idle" />unattested</span>],
        ]} />
      </div>
      {span.messagesHidden && <RevealMessages traceId={traceId} />}
      <div role="tablist" aria-label="Parts of the span" className="mt-3 flex gap-4 overflow-x-auto border-b border-line px-4" onKeyDown={(event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
        const next = by && tabs[(tabs.findIndex((each) => each.id === tab) + by + tabs.length) % tabs.length]
        if (next) { setWanted(next.id); document.getElementById(`span-tab-${next.id}`)?.focus() }
      }}>
        {tabs.map((each) => (
          <button key={each.id} id={`span-tab-${each.id}`} role="tab" type="button" aria-selected={each.id === tab} aria-controls="span-part" tabIndex={each.id === tab ? 0 : -1} onClick={() => setWanted(each.id)}
            className={`-mb-px whitespace-nowrap border-b-2 pb-1.5 pt-1 text-base focus-visible:outline-offset-[-2px] ${each.id === tab ? 'border-accent font-medium' : 'border-transparent text-muted'}`}>{each.label}</button>
        ))}
      </div>
      <div id="span-part" role="tabpanel" aria-labelledby={`span-tab-${tab}`} className="px-4 py-3">
        {tab === 'messages' && span.genAi && <Model genAi={span.genAi} isHidden={span.messagesHidden === true} />}
        {tab === 'attributes' && <Attributes list={span.attributes} none="This span has no attributes." />}
        {tab === 'events' && <EventsAndLinks span={span} />}
        {tab === 'peers' && <Peers traceId={traceId} span={span} />}
        {tab === 'resource' && <Resource span={span} />}
      </div>
    </section>
  )
}

function Model({ genAi, isHidden }: { genAi: NonNullable<Span['genAi']>; isHidden: boolean }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <KeyValue rows={[
        ['Operation', genAi.operation], ['Agent', genAi.agent], ['Model', genAi.model], ['Tool', genAi.tool],
        (genAi.inputTokens !== null || genAi.outputTokens !== null) && ['Tokens', `${formatCount(genAi.inputTokens)} in, ${formatCount(genAi.outputTokens)} out`],
        genAi.conversation !== null && ['Conversation', <Copyable key="c" text={genAi.conversation} label="the conversation id" />],
      ]} />
      {genAi.messages.map((message, index) => <Message key={index} role={message.role} content={message.content} />)}
      {genAi.messages.length === 0 && !isHidden && <p className="m-0 text-sm text-muted">The sender did not record message content.</p>}
    </div>
  )
}

const ROLES: Record<string, string> = { user: 'Asked', assistant: 'Answered', system: 'Instructions', tool: 'Tool answered' }

function Message({ role, content }: { role: string; content: string }) {
  const [open, setOpen] = useState(false)
  const long = content.length > FOLDED_CHARS
  return (
    <article className="rounded-md border border-line px-3 py-2">
      <h3 className="m-0 text-xs font-medium text-muted">{Object.hasOwn(ROLES, role) ? ROLES[role] : role}</h3>
      <p className="m-0 whitespace-pre-wrap break-words">{long && !open ? `${content.slice(0, FOLDED_CHARS)}…` : content}</p>
      {long && <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="mt-1 text-sm text-muted underline">{open ? 'Fold' : `${formatCount(content.length)} characters, show all`}</button>}
    </article>
  )
}

function Attributes({ list, none }: { list: readonly Attribute[]; none: string }) {
  if (list.length === 0) return <p className="m-0 text-muted">{none}</p>
  return (
    <dl className="m-0 grid gap-2">
      {list.map(({ key, value }, index) => (
        <div key={index} className="min-w-0">
          <dt className="break-words text-xs text-muted">{key}</dt>
          <dd className="m-0 min-w-0"><Value value={value} name={key} /></dd>
        </div>
      ))}
    </dl>
  )
}

function Value({ value, name }: { value: unknown; name: string }): ReactNode {
  const text = printValue(value)
  if (name === 'heddle.decision' && /^[0-9a-f]{24}$/.test(text)) return <Link href={paths.decision(text)}>Why did this task go there?</Link>
  if (text.length <= 120 && !text.includes('\n')) return <Copyable text={text} label={`the value of ${name}`} />
  return <pre tabIndex={0} aria-label={name} className="m-0 max-h-60 overflow-auto whitespace-pre-wrap break-words rounded-md bg-sunken px-2.5 py-2 text-xs">{text}</pre>
}

function EventsAndLinks({ span }: { span: Span }) {
  if (span.events.length + span.links.length === 0) return <p className="m-0 text-muted">This span has no events and no links.</p>
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      {span.events.map((event, index) => (
        <article key={index} className="grid gap-2">
          <h3 className="m-0 flex gap-2 break-words text-base font-medium">{event.name}<span className="font-normal tabular-nums text-muted">{printDuration(event.offsetMs)} into the trace</span></h3>
          <Attributes list={event.attributes} none="No attributes." />
        </article>
      ))}
      {span.links.length > 0 && (
        <div>
          <h3 className="m-0 text-base font-medium">{plural(span.links.length, 'link')}</h3>
          {span.links.map((link, index) => <Link key={index} href={paths.trace(link.traceId, { span: link.spanId })} className="block truncate font-mono text-xs">{link.traceId} · {link.spanId}</Link>)}
        </div>
      )}
    </div>
  )
}

function Resource({ span }: { span: Span }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <KeyValue rows={[['Scope', span.scope || '–'], ['Started at', <time key="t" dateTime={span.startedAt}>{span.startedAt.replace('T', ' ')}</time>], ['Span id', <Copyable key="s" text={span.spanId} label="the span id" />], span.parentSpanId !== null && ['Parent', <Copyable key="p" text={span.parentSpanId} label="the parent's id" />]]} />
      <Attributes list={span.resource} none="The sender named no resource." />
    </div>
  )
}
