'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { CertificateAuthority, Rotation } from '#server/contracts/security.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Dialog } from '#components/ui/Dialog.tsx'
import { formatLong, plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { LocalTime } from '#components/ui/LocalTime.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { RelativeTime, useNow } from '#components/ui/RelativeTime.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths } from '#components/paths.ts'
import { reading } from './call.ts'
import { isOver, shortId, steerRotation, useCertificates } from './certificates.ts'
import { Loaded } from './Loaded.tsx'
import { STAGES, describeStages, stageOf, whyNotRetire } from './rotation-stages.ts'
import { TOPICS } from './topics.ts'

type Wish = 'pause' | 'resume' | 'cancel' | 'retire'

/** One staged operation, live: trust both, re-issue, prove on n of n, retire the old. */
export function RotationPage({ id }: { id: string }) {
  const query = useLiveQuery<Rotation>({ ...reading<Rotation>(asks.rotation(id)), topics: TOPICS.identities, everyMs: 1500 })
  const certificates = useCertificates()
  const [asked, setAsked] = useState<'cancel' | 'retire' | null>(null)
  const why = useWhyNot('admin')
  const steer = useMutation({ mutationFn: (wish: Wish) => steerRotation(id, wish), onSettled: () => { setAsked(null); void query.refetch() } })
  const rotation = query.data
  return (
    <Page
      title={rotation && isOver(rotation) ? (rotation.state === 'done' ? 'The issuing certificate is rotated' : 'The rotation was taken back') : 'Rotating the issuing certificate'}
      crumbs={[{ href: paths.security(), label: 'Security' }, { href: '/security/rotations', label: 'Rotations' }]}
      tags={rotation && <StateTag rotation={rotation} />}
      command="npx heddle rotate status"
      actions={rotation && !isOver(rotation) && (
        <>
          {rotation.state === 'paused' ? <Button why={why} isPending={steer.isPending} onPress={() => steer.mutate('resume')}>Resume</Button> : <Button why={why} isPending={steer.isPending} onPress={() => steer.mutate('pause')}>Pause</Button>}
          <Button why={why ?? (rotation.step === 'retire' && rotation.state === 'running' ? 'The old issuer is being retired' : null)} onPress={() => setAsked('cancel')}>Go back to the old issuer…</Button>
          <Button look="primary" why={why ?? whyNotRetire(rotation)} onPress={() => setAsked('retire')}>Retire the old…</Button>
        </>
      )}
    >
      <Loaded query={query} what="this rotation">
        {(rotation) => (
          <div className="grid gap-[18px]">
            {steer.error && <Notice state="bad">That was not done: {steer.error.message}</Notice>}
            <Stages rotation={rotation} />
            <div className="grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]">
              <Evidence rotation={rotation} />
              <div className="grid gap-[18px]">
                <Holdups rotation={rotation} />
                <Issuers rotation={rotation} authorities={certificates.data?.authorities ?? []} />
                <History rotation={rotation} />
              </div>
            </div>
          </div>
        )}
      </Loaded>
      {asked && (
        <Dialog title={asked === 'retire' ? 'Retire the old issuer?' : 'Go back to the old issuer?'} open alert onClose={() => setAsked(null)} actions={<>
          <Button look="quiet" onPress={() => setAsked(null)}>Not now</Button>
          <Button look={asked === 'retire' ? 'primary' : 'danger'} isPending={steer.isPending} onPress={() => steer.mutate(asked)}>{asked === 'retire' ? 'Retire the old issuer' : 'Go back'}</Button>
        </>}>
          <p className="m-0">{asked === 'retire' ? 'From then on no proxy accepts a certificate of the old issuer. This last step cannot be taken back.' : 'Agents get certificates of the old issuer again; the new one is dropped when nobody holds one of its certificates. No call is lost.'}</p>
        </Dialog>
      )}
    </Page>
  )
}

function StateTag({ rotation }: { rotation: Rotation }) {
  if (rotation.state === 'done') return <Tag state="ok">Done</Tag>
  if (rotation.state === 'cancelled') return <Tag state="idle">Taken back</Tag>
  if (rotation.state === 'paused') return <Tag state="warn">Paused</Tag>
  return <Tag tone="info">Step {stageOf(rotation) + 1} of {STAGES.length}</Tag>
}

const BAR = { done: 'bg-ok', now: 'bg-accent', held: 'bg-warn', waits: 'bg-transparent' }

function Stages({ rotation }: { rotation: Rotation }) {
  const now = useNow()
  return (
    <ol aria-label="Steps of the rotation" className="m-0 grid list-none grid-cols-1 overflow-hidden rounded-lg border border-line bg-surface p-0 md:grid-cols-2 lg:grid-cols-4">
      {describeStages(rotation, now).map((stage, index) => (
        <li key={stage.title} aria-current={stage.state === 'now' || stage.state === 'held' ? 'step' : undefined} className={`relative border-line px-4 pt-3 pb-4 max-md:border-b md:border-l md:first:border-l-0 ${stage.state === 'now' || stage.state === 'held' ? 'bg-accent-soft' : ''}`}>
          <span suppressHydrationWarning className="text-sm text-muted">{index + 1}, {stage.note}</span>
          <h2 className={`m-0 text-md font-semibold ${stage.state === 'waits' ? 'text-muted' : ''}`}>{stage.title}</h2>
          <p className="m-0 text-muted">{stage.text}</p>
          <i aria-hidden="true" className={`absolute bottom-0 left-0 h-[3px] transition-[width] duration-300 ${BAR[stage.state]}`} style={{ width: `${stage.share * 100}%` }} />
        </li>
      ))}
    </ol>
  )
}

function Evidence({ rotation }: { rotation: Rotation }) {
  const held = (proxy: Rotation['proxies'][number]) => (proxy.blocked !== null ? 0 : proxy.holdsNew ? 2 : 1)
  const rows = rotation.proxies.toSorted((a, b) => held(a) - held(b) || a.proxy.localeCompare(b.proxy))
  return (
    <Card flush title="Proxies" note={`${rotation.proved} of ${rotation.of} proved, those that hold things up first`}>
      <Table label="Evidence by proxy">
        <thead><tr><Th>Proxy</Th><Th>Trusts the new</Th><Th>Holds a certificate from</Th><Th>Still trusts the old</Th><Th>Connected</Th></tr></thead>
        <tbody>
          {rows.map((proxy) => (
            <tr key={proxy.proxy} className="hover:bg-ground">
              <Td><Link href={paths.proxy(proxy.proxy)} className="font-medium no-underline hover:underline">{proxy.proxy}</Link>{proxy.blocked && <span className="block max-w-80 whitespace-normal text-sm text-warn">{proxy.blocked}</span>}</Td>
              <Td><Fact yes={proxy.trustsNew} words={proxy.trustsNew ? 'yes' : 'not yet'} /></Td>
              <Td><Fact yes={proxy.holdsNew} words={proxy.holdsNew ? 'new issuer' : 'old issuer'} /></Td>
              <Td muted>{proxy.trustsOld ? 'yes' : 'no'}</Td>
              <Td><span className="flex items-center gap-2"><StateMark state={proxy.connected ? 'ok' : 'idle'} />{proxy.connected ? 'yes' : 'silent'}</span></Td>
            </tr>
          ))}
        </tbody>
      </Table>
      {rows.length === 0 && <p className="m-0 px-2.5 py-4 text-muted">No proxy holds an identity, so nothing has to be proved.</p>}
    </Card>
  )
}

function Fact({ yes, words }: { yes: boolean; words: string }) {
  return <span className="flex items-center gap-2"><StateMark state={yes ? 'ok' : 'warn'} />{words}</span>
}

function Holdups({ rotation }: { rotation: Rotation }) {
  if (isOver(rotation)) return null
  return rotation.waitsFor.slice(0, 5).map((id) => {
    const proxy = rotation.proxies.find((each) => each.proxy === id)
    return (
      <section key={id} className="rounded-lg border border-warn bg-surface px-4 py-3">
        <h2 className="m-0 flex items-center gap-2.5 text-md font-semibold"><StateMark state="warn" />{id} holds the rotation up</h2>
        <p className="m-0 mt-1">{proxy?.blocked ?? 'It has not shown yet that it holds the new certificate.'}</p>
        <div className="mt-3"><ButtonLink small href={paths.proxy(id)}>Open the proxy</ButtonLink></div>
      </section>
    )
  })
}

function Issuers({ rotation, authorities }: { rotation: Rotation; authorities: readonly CertificateAuthority[] }) {
  const line = (word: string, id: string) => {
    const authority = authorities.find((each) => each.id === id)
    return <p className="m-0 flex flex-wrap gap-x-2"><span className="w-8 text-muted">{word}</span><code className="text-xs leading-5">{id ? shortId(id) : 'not made yet'}</code>{authority && <span className="text-muted">until <LocalTime at={authority.notAfter} form="day" /></span>}</p>
  }
  return <Card title="Issuers"><div className="grid gap-1.5">{line('old', rotation.from)}{line('new', rotation.to)}</div></Card>
}

function History({ rotation }: { rotation: Rotation }) {
  const now = useNow()
  return (
    <Card title="So far" note={<span suppressHydrationWarning>for {formatLong(Math.max(0, (isOver(rotation) ? Date.parse(rotation.history.at(-1)?.at ?? rotation.startedAt) : now) - Date.parse(rotation.startedAt)))}</span>}>
      <ol className="m-0 grid list-none gap-2 p-0">
        <li>Started by {rotation.startedBy}, <RelativeTime at={rotation.startedAt} />{rotation.reason && <>: “{rotation.reason}”</>}</li>
        {rotation.history.map((entry) => <li key={`${entry.at}${entry.what}`} className="text-muted"><LocalTime at={entry.at} form="clock" /> {entry.what}{entry.by && entry.by !== 'control' && <>, {entry.by}</>}</li>)}
      </ol>
      {rotation.of > 0 && <p className="sr-only" role="status">{rotation.proved} of {plural(rotation.of, 'proxy', 'proxies')} proved</p>}
    </Card>
  )
}
