'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { AgentRoute } from '#server/contracts/agent-route.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { LabelledTask, TASKS_MAX, type EvaluateAnswer, type Evaluation } from '#server/contracts/semantic.ts'
import { asks } from '#components/asks.ts'
import { call } from '#components/mesh/call.ts'
import { parseYaml } from '#components/mesh/yaml.ts'
import { Button } from '#components/ui/Button.tsx'
import { Card } from '#components/ui/Card.tsx'
import { Field } from '#components/ui/Field.tsx'
import { formatMs, NOTHING, plural } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { DataTable, type Column } from '#components/ui/Table.tsx'
import { ComparisonResult } from './Comparison.tsx'
import { share } from './share.ts'

const THRESHOLDS: readonly Column<Evaluation['thresholds'][number]>[] = [
  { id: 'floor', header: 'Floor', right: true, cell: (row) => row.floor.toFixed(2) },
  { id: 'coverage', header: 'Coverage', right: true, cell: (row) => share(row.coverage) },
  { id: 'chosen', header: 'Right of the chosen', right: true, cell: (row) => share(row.accuracyOfChosen) },
  { id: 'all', header: 'Right of all', right: true, cell: (row) => share(row.accuracyWithFallback) },
]
const CONFUSION: readonly Column<Evaluation['confusion'][number]>[] = [
  { id: 'wanted', header: 'Should be', cell: (row) => (row.wanted === '-' ? 'nobody' : row.wanted) },
  { id: 'chosen', header: 'Was', cell: (row) => (row.chosen === '-' ? 'nobody' : row.chosen) },
  { id: 'tasks', header: 'Tasks', right: true, cell: (row) => row.tasks },
]

const WRONG: readonly Column<Evaluation['wrong'][number]>[] = [
  { id: 'task', header: 'Task', wrap: true, cell: (row) => row.task },
  { id: 'wanted', header: 'Should be', cell: (row) => row.wanted ?? 'nobody' },
  { id: 'chosen', header: 'Was', cell: (row) => row.chosen ?? 'nobody' },
  { id: 'confidence', header: 'Similarity', right: true, cell: (row) => row.confidence?.toFixed(3) ?? NOTHING },
]

/** A labelled set, judged by the route as it is stored; and by other settings of it, to see what they would change. */
export function EvaluationCard({ namespace, route }: { namespace: string; route: string }) {
  const [text, setText] = useState('')
  const [other, setOther] = useState('')
  const judge = useMutation({
    mutationFn: async () => {
      const tasks = readSet(text)
      const against = other.trim() === '' ? {} : { against: await otherSpec(namespace, route, other) }
      return (await call<EvaluateAnswer>('/semantic/evaluate', { method: 'POST', body: { namespace, route, tasks, ...against } })).body
    },
  })
  return (
    <Card title="How well does it choose?" note="A line for each task, with who should answer it; null is nobody.">
      <form className="grid max-w-[760px] gap-3" onSubmit={(event) => {
        event.preventDefault()
        judge.mutate()
      }}>
        <Field label="Labelled set" rows={5} mono value={text} onChange={setText} placeholder={'{"task": "translate this letter", "agent": "translator"}\n{"task": "what is the weather", "agent": null}'} />
        <Field label="Compare with these semantic settings" hint="Optional, as YAML; what is not named stays as it is stored." rows={3} mono value={other} onChange={setOther} placeholder={'floor: 0.3\nmargin: 0.02'} />
        <span><Button type="submit" isPending={judge.isPending} why={text.trim() === '' ? 'Paste a labelled set first' : null}>Judge it</Button></span>
      </form>
      {judge.error && <div className="mt-3"><Notice state="bad">{judge.error.message}</Notice></div>}
      {judge.data && <Result result={judge.data} />}
      {judge.data?.comparison && <ComparisonResult now={judge.data} comparison={judge.data.comparison} />}
    </Card>
  )
}

/** The stored spec with other settings of `semantic`; the API judges them. */
async function otherSpec(namespace: string, route: string, yaml: string): Promise<unknown> {
  const parsed = parseYaml(yaml)
  if (!parsed.readable) throw new MeshError('bad_request', `the settings to compare with: ${parsed.problems[0]?.detail}`)
  const { spec } = (await call<AgentRoute>(asks.object({ kind: 'AgentRoute', namespace, name: route }).path)).body
  return { ...spec, semantic: { ...spec.semantic, ...parsed.object } }
}

function Result({ result }: { result: Evaluation }) {
  return (
    <div className="mt-4 grid gap-4">
      <h3 className="m-0 text-base font-medium">As it is stored</h3>
      <KeyValue wide rows={[
        ['Tasks', plural(result.tasks, 'task')],
        ['Accuracy', share(result.accuracy)],
        ['Right, with the fallback', share(result.accuracyWithFallback)],
        ['Macro-F1', result.macroF1?.toFixed(3) ?? NOTHING],
        ['Tasks for nobody told apart (AUROC)', result.outOfScopeAuroc?.toFixed(3) ?? NOTHING],
        ['Best floor for this set', result.suggestedFloor.toFixed(2)],
        ['A decision takes', `p50 ${formatMs(result.latencyMs.p50)}, p99 ${formatMs(result.latencyMs.p99)}`],
      ]} />
      <div className="grid gap-4 lg:grid-cols-2">
        <DataTable label="Thresholds" columns={THRESHOLDS} rows={untilNobody(result.thresholds)} rowKey={(row) => String(row.floor)} empty={null} />
        <DataTable label="Confusion" columns={CONFUSION} rows={result.confusion} rowKey={(row) => `${row.wanted} ${row.chosen}`} empty={null} />
      </div>
      {result.wrong.length > 0 && <DataTable label="Tasks that went wrong" columns={WRONG} rows={result.wrong} rowKey={(row) => `${row.task} ${row.wanted}`} empty={null} />}
    </div>
  )
}

/** Floors up to the first that gives no task to anybody; those above say the same. */
function untilNobody(thresholds: Evaluation['thresholds']): Evaluation['thresholds'] {
  const last = thresholds.findIndex(({ coverage }) => coverage === 0)
  return last === -1 ? thresholds : thresholds.slice(0, last + 1)
}

function readSet(text: string): LabelledTask[] {
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), at: index + 1 })).filter(({ line }) => line !== '')
  if (lines.length > TASKS_MAX) throw new MeshError('bad_request', `at most ${TASKS_MAX} tasks are judged at once; these are ${lines.length}`)
  return lines.map(({ line, at }) => {
    try {
      return LabelledTask.parse(JSON.parse(line))
    } catch {
      throw new MeshError('bad_request', `line ${at} is no labelled task: it needs {"task": "…", "agent": "NAME" or null}`)
    }
  })
}
