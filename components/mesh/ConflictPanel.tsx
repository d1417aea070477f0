'use client'
import { useMemo, useState } from 'react'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { plural } from '#components/ui/format.ts'
import { Notice } from '#components/ui/Notice.tsx'
import type { MeshObject } from '#server/contracts/object.ts'
import { DiffView } from './DiffView.tsx'
import { editable } from './editable.ts'
import { chooseMine, mergeObjects } from './merge.ts'
import type { Conflict } from './use-change.ts'
import { writeYaml } from './yaml.ts'

interface ConflictPanelProps {
  conflict: Conflict
  /** Goes on from their version, with what was chosen. */
  onSettle: (base: MeshObject, object: Record<string, unknown>) => void
  onBack: () => void
}

/** Two people changed one object. Both forms are here, with where they began; nothing is overwritten until somebody chooses. */
export function ConflictPanel({ conflict, onSettle, onBack }: ConflictPanelProps) {
  const theirs = useMemo(() => editable(conflict.theirs), [conflict.theirs])
  const base = useMemo(() => (conflict.base ? editable(conflict.base) : {}), [conflict.base])
  const merge = useMemo(() => mergeObjects(base, conflict.mine, theirs), [base, conflict.mine, theirs])
  const [mine, setMine] = useState<ReadonlySet<string>>(new Set())
  const choose = (pointer: string, own: boolean) => setMine(own ? new Set([...mine, pointer]) : new Set([...mine].filter((each) => each !== pointer)))
  const result = useMemo(() => chooseMine(merge, mine), [merge, mine])
  const settle = (object: unknown) => onSettle(conflict.theirs, object as Record<string, unknown>) // a merge of objects is an object
  return (
    <div className="grid gap-[18px]">
      <Notice state="warn">Somebody else changed it first: revision {conflict.theirs.metadata.resourceVersion} is stored now{conflict.base ? `, you began from ${conflict.base.metadata.resourceVersion}` : ', and yours was to be new'}. Nothing was overwritten; choose what shall be reviewed next.</Notice>
      <div className="grid gap-[18px] lg:grid-cols-2">
        <Card title="Theirs" note="against where you began"><DiffView before={writeYaml(base)} after={writeYaml(theirs)} names={['base', 'theirs']} /></Card>
        <Card title="Yours" note="against where you began"><DiffView before={writeYaml(base)} after={writeYaml(conflict.mine)} names={['base', 'yours']} /></Card>
      </div>
      <Card title="Both together" note={merge.conflicts.length === 0 ? 'the changes are in different places' : `${plural(merge.conflicts.length, 'place')} changed by both, choose each`}>
        <div className="grid gap-3">
          {merge.conflicts.map((each) => (
            <fieldset key={each.pointer} className="m-0 grid gap-1 rounded-md border border-line px-3 py-2">
              <legend className="break-all px-1 font-mono text-xs">{each.pointer || 'the whole object'}</legend>
              {([['theirs', each.theirs, false], ['yours', each.mine, true]] as const).map(([whose, value, own]) => (
                <label key={whose} className="flex items-start gap-2">
                  <input type="radio" name={each.pointer} checked={mine.has(each.pointer) === own} onChange={() => choose(each.pointer, own)} className="mt-1 accent-[var(--accent)]" />
                  <span className="text-muted">{whose}</span>
                  <code className="min-w-0 whitespace-pre-wrap break-words text-xs leading-5">{value === undefined ? 'taken out' : typeof value === 'object' ? writeYaml(value) : String(value)}</code>
                </label>
              ))}
            </fieldset>
          ))}
          <DiffView before={writeYaml(theirs)} after={writeYaml(result)} names={['stored now', 'what you would review']} />
          <div className="flex flex-wrap gap-2">
            <Button look="primary" onPress={() => settle(result)}>Review both together</Button>
            <Button onPress={() => settle(conflict.mine)}>Review mine against theirs</Button>
            <Button onPress={() => settle(theirs)}>Take theirs</Button>
            <Button look="quiet" onPress={onBack}>Back to edit</Button>
          </div>
        </div>
      </Card>
    </div>
  )
}
