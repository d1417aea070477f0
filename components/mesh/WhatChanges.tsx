'use client'
import { useState } from 'react'
import { describeRef } from '#server/contracts/object.ts'
import type { DryRun } from '#server/contracts/status.ts'
import { Card } from '#components/ui/Card.tsx'
import { formatBytes, plural } from '#components/ui/format.ts'
import { Segmented } from '#components/ui/Segmented.tsx'
import { DiffView } from './DiffView.tsx'
import { editable } from './editable.ts'
import { isRecord } from './pointer.ts'
import { writeYaml } from './yaml.ts'

const VIEWS = [{ id: 'objects', title: 'Objects' }, { id: 'xds', title: 'xDS' }] as const

/** The change as objects, and as what proxies would be sent. */
export function WhatChanges({ plan, note }: { plan: Pick<DryRun, 'objectDiff' | 'xdsDiff'>; note?: string }) {
  const [view, setView] = useState<'objects' | 'xds'>('objects')
  return (
    <Card title="What would change" note={note} actions={<Segmented label="Which form" options={VIEWS} value={view} onChange={setView} />}>
      {view === 'objects' ? <Objects list={plan.objectDiff} /> : <Resources list={plan.xdsDiff} />}
    </Card>
  )
}

function Objects({ list }: { list: DryRun['objectDiff'] }) {
  if (list.length === 0) return <p className="m-0 text-muted">Nothing: the mesh already says this.</p>
  return (
    <div className="grid gap-4">
      {list.map((change) => (
        <div key={describeRef(change.object)} className="min-w-0">
          {list.length > 1 && <h3 className="m-0 mb-1 break-words text-base font-medium">{describeRef(change.object)}</h3>}
          <DiffView before={asText(change.before)} after={asText(change.after)} names={[change.before === null ? 'not there' : 'now', change.after === null ? 'deleted' : 'after']} />
        </div>
      ))}
    </div>
  )
}

function Resources({ list }: { list: DryRun['xdsDiff'] }) {
  if (list.length === 0) return <p className="m-0 text-muted">No connected proxy needs this change: what is sent stays the same. One that joins later starts with it.</p>
  return (
    <div className="grid gap-4">
      {list.map((change) => (
        <div key={`${change.typeUrl} ${change.resource}`} className="min-w-0">
          <h3 className="m-0 flex flex-wrap gap-x-2 text-base font-medium"><span className="break-all">{change.resource}</span><span className="font-normal text-muted">{change.typeUrl.split('.').at(-1)}, {formatBytes(change.bytes)}, {plural(change.proxies.length, 'proxy', 'proxies')}</span></h3>
          <DiffView before={asText(change.before)} after={asText(change.after)} />
        </div>
      ))}
    </div>
  )
}

/** An object as its YAML, without what the server keeps; anything else as it is. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (isRecord(value) && isRecord(value['metadata']) && 'spec' in value) return writeYaml(editable(value as Parameters<typeof editable>[0])) // an object has metadata and spec
  return writeYaml(value)
}
