'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { parseAsString, useQueryStates } from 'nuqs'
import { useState } from 'react'
import type { CertificateAuthority, Svid } from '#server/contracts/security.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Button, ButtonLink } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Copyable } from '#components/ui/Copyable.tsx'
import { Dialog } from '#components/ui/Dialog.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Field } from '#components/ui/Field.tsx'
import { plural } from '#components/ui/format.ts'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Page } from '#components/ui/Page.tsx'
import { useNow } from '#components/ui/RelativeTime.tsx'
import type { MarkState } from '#components/ui/StateMark.tsx'
import { DataTable, Table, Td, Th, type Column } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { paths } from '#components/paths.ts'
import { isOver, revokeCertificate, shortId, startRotation, useCertificates, useRotations } from './certificates.ts'
import { LifeLeft } from './LifeLeft.tsx'
import { Loaded } from './Loaded.tsx'
import { SecurityTabs } from './SecurityTabs.tsx'

const SVID_STATES: Record<Svid['state'], { mark: MarkState; words: string }> = { valid: { mark: 'ok', words: 'Valid' }, renewal_late: { mark: 'warn', words: 'Renewal late' }, expired: { mark: 'bad', words: 'Expired' }, revoked: { mark: 'idle', words: 'Revoked' } }
const CA_STATES: Record<CertificateAuthority['state'], string> = { prepared: 'Prepared, trusted nowhere yet', active: 'Signs', trusted: 'Trusted, signs no more', retired: 'Retired' }

/** Who is who in the mesh, on whose word, and for how long. */
export function SecurityPage() {
  const certificates = useCertificates()
  const rotations = useRotations()
  const [dialog, setDialog] = useState<{ kind: 'rotate' } | { kind: 'revoke'; svid: Svid } | null>(null)
  const why = useWhyNot('admin')
  const running = rotations.data?.items.find((rotation) => !isOver(rotation))
  return (
    <Page title="Security" command="npx heddle rotate start" actions={running ? <ButtonLink look="primary" href={paths.rotation(running.id)}>Open the rotation</ButtonLink> : <Button look="primary" why={why} onPress={() => setDialog({ kind: 'rotate' })}>Rotate the issuing certificate…</Button>}>
      <SecurityTabs open="identities" />
      {running && <div className="mb-[18px]"><Notice state={running.waitsFor.length > 0 ? 'warn' : 'info'}>The issuing certificate is being rotated: {running.proved} of {plural(running.of, 'proxy', 'proxies')} proved{running.waitsFor.length > 0 && `, it waits for ${running.waitsFor.slice(0, 3).join(', ')}`}. <Link href={paths.rotation(running.id)}>See it</Link></Notice></div>}
      <Loaded query={certificates} what="the identities">
        {({ authorities, items }) => (
          <div className="grid gap-[18px]">
            <Identities items={items} authorities={authorities} why={why} onRevoke={(svid) => setDialog({ kind: 'revoke', svid })} />
            <Authorities list={authorities} />
          </div>
        )}
      </Loaded>
      {dialog?.kind === 'rotate' && <RotateDialog onClose={() => setDialog(null)} />}
      {dialog?.kind === 'revoke' && <RevokeDialog svid={dialog.svid} onClose={() => setDialog(null)} />}
    </Page>
  )
}

function Identities({ items, authorities, why, onRevoke }: { items: readonly Svid[]; authorities: readonly CertificateAuthority[]; why: string | null; onRevoke: (svid: Svid) => void }) {
  const [view, setView] = useQueryStates({ q: parseAsString.withDefault('') }, { history: 'replace' })
  const now = useNow()
  const found = items.filter((svid) => `${svid.spiffeId} ${svid.proxy} ${svid.serial} ${svid.state}`.toLowerCase().includes(view.q.trim().toLowerCase()))
  const signer = (id: string) => authorities.find((authority) => authority.id === id)
  const columns: Column<Svid>[] = [
    { id: 'id', header: 'Identity', sortBy: (svid) => svid.spiffeId, cell: (svid) => <span className="grid"><span className="font-medium">{svid.spiffeId}</span><Link href={paths.proxy(svid.proxy)} className="text-sm text-muted no-underline hover:underline">{svid.proxy}</Link></span> },
    { id: 'issuer', header: 'Issuer', muted: true, sortBy: (svid) => svid.issuerId, cell: (svid) => <span title={signer(svid.issuerId)?.subject ?? svid.issuerId} className="font-mono text-xs">{shortId(svid.issuerId)}{signer(svid.issuerId)?.state === 'trusted' && ' (old)'}</span> },
    { id: 'life', header: 'Life left', sortBy: (svid) => svid.lifeLeft, cell: (svid) => <LifeLeft share={svid.lifeLeft} notAfter={svid.notAfter} now={now} label={svid.spiffeId} /> },
    { id: 'breaks', header: 'What stops when it ends', muted: true, wrap: true, cell: (svid) => <span className="block min-w-52">{svid.consequence}</span> },
    { id: 'state', header: 'State', sortBy: (svid) => svid.state, cell: (svid) => <Tag state={SVID_STATES[svid.state].mark}>{SVID_STATES[svid.state].words}</Tag> },
    { id: 'act', header: <span className="sr-only">Actions</span>, right: true, cell: (svid) => <Button small look="quiet" aria-label={`Revoke ${svid.spiffeId} of ${svid.proxy}`} why={why ?? (svid.state === 'revoked' ? 'It is revoked' : svid.state === 'expired' ? 'It has ended by itself' : null)} onPress={() => onRevoke(svid)}>Revoke…</Button> },
  ]
  return (
    <Card flush title="Identities" note={`${plural(items.length, 'certificate')}; when one ends, connections that are open live out their time`} actions={<div data-find><Field label="Find an identity" labelHidden placeholder="Find by SPIFFE id or proxy" value={view.q} onChange={(q) => void setView({ q: q || null })} className="w-56" /></div>}>
      <DataTable label="Identities" columns={columns} rows={found} rowKey={(svid) => svid.serial} firstSort={{ column: 'life', descending: false }}
        empty={items.length === 0
          ? <EmptyState kind="no-data" title="Nobody has an identity yet" action={<ButtonLink href={paths.connect({ way: 'sidecar' })}>Put a sidecar beside an agent</ButtonLink>}>An agent gets one when its sidecar enrols; the key stays with the sidecar.</EmptyState>
          : <EmptyState kind="filtered" title={`None of ${plural(items.length, 'certificate')} is like that`} action={<Button onPress={() => void setView({ q: null })}>Show all</Button>} />} />
    </Card>
  )
}

function Authorities({ list }: { list: readonly CertificateAuthority[] }) {
  const now = useNow()
  return (
    <Card flush title="Authorities" note="who may say who is who; keys never leave the control plane">
      <Table label="Authorities">
        <thead><tr><Th>Subject</Th><Th>Role</Th><Th>State</Th><Th>Life left</Th><Th>Id</Th></tr></thead>
        <tbody>
          {list.map((authority) => (
            <tr key={authority.id}>
              <Td><span className="font-medium">{authority.subject}</span></Td>
              <Td>{authority.role === 'root' ? 'Root' : 'Issuing'}</Td>
              <Td><Tag state={authority.state === 'active' ? 'ok' : authority.state === 'retired' ? 'idle' : 'info'}>{CA_STATES[authority.state]}</Tag></Td>
              <Td>{authority.state === 'retired' ? '–' : <LifeLeft share={authority.lifeLeft} notAfter={authority.notAfter} now={now} label={authority.subject} />}</Td>
              <Td><Copyable text={authority.id} label="the id" /></Td>
            </tr>
          ))}
        </tbody>
      </Table>
      {list.length === 0 && <EmptyState kind="no-data" title="No authority yet">The control plane makes one when it first starts.</EmptyState>}
    </Card>
  )
}

function RotateDialog({ onClose }: { onClose: () => void }) {
  const [reason, setReason] = useState('')
  const router = useRouter()
  const start = useMutation({ mutationFn: () => startRotation(reason.trim()), onSuccess: (rotation) => router.push(paths.rotation(rotation.id)) })
  return (
    <Dialog title="Rotate the issuing certificate" open onClose={onClose} actions={<><Button look="quiet" onPress={onClose}>Not now</Button><Button look="primary" isPending={start.isPending} onPress={() => start.mutate()}>Start the rotation</Button></>}>
      <div className="grid gap-3">
        <ol className="m-0 grid gap-1 pl-5">
          <li>Every proxy is made to trust the old and the new issuer.</li>
          <li>Agents get certificates from the new one, a few at a time.</li>
          <li>Each proxy proves that it holds the new one.</li>
          <li>You retire the old issuer, once nobody needs it.</li>
        </ol>
        <p className="m-0 text-muted">Calls go on meanwhile. It can be paused, and taken back until the last step.</p>
        <Field label="Reason, kept with it" value={reason} onChange={setReason} maxLength={500} />
        {start.error && <Notice state="bad">Not started: {start.error.message}</Notice>}
      </div>
    </Dialog>
  )
}

function RevokeDialog({ svid, onClose }: { svid: Svid; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const client = useQueryClient()
  const revoke = useMutation({ mutationFn: () => revokeCertificate(svid.serial, reason.trim()), onSuccess: () => { void client.invalidateQueries({ queryKey: ['certificates'] }); onClose() } })
  return (
    <Dialog title={`Revoke ${svid.spiffeId}?`} open onClose={onClose} alert actions={<><Button look="quiet" onPress={onClose}>Keep it</Button><Button look="danger" why={reason.trim() === '' ? 'Give a reason first' : null} isPending={revoke.isPending} onPress={() => revoke.mutate()}>Revoke the identity</Button></>}>
      <div className="grid gap-3">
        <p className="m-0">{svid.proxy} is cut from the control plane, with every certificate that it holds.</p>
        <p className="m-0">Within seconds every other proxy refuses calls of <span className="break-all font-mono text-xs">{svid.spiffeId}</span>, from all of its proxies: who calls is known by this identity alone. That lasts until the last revoked certificate has run out.</p>
        <p className="m-0 text-muted">{svid.consequence}</p>
        <p className="m-0 text-muted">It comes back only by enrolling again with a new join token.</p>
        <Field label="Reason, kept in the audit" value={reason} onChange={setReason} isRequired maxLength={500} autoFocus />
        {revoke.error && <Notice state="bad">Not revoked: {revoke.error.message}</Notice>}
      </div>
    </Dialog>
  )
}
