import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { LabelledTask, TASKS_MAX, type Comparison, type Decision, type EvaluateAnswer, type Evaluation, type TryAnswer } from '../contracts/semantic.ts'
import { openApi } from './client.ts'
import { readManifests } from './manifest.ts'
import { globalOptions, printData, printRows } from './output.ts'
import { printList } from './print-list.ts'

interface EvalOptions {
  route: string
  namespace: string
  minAccuracy?: string
  against?: string
}

export function register(program: Command): void {
  const semantic = program
    .command('semantic')
    .description('try tasks against a route, and judge how well it chooses')
    .addHelpText('after', '\nExamples:\n  heddle semantic try --route ask "translate this contract into German"\n  heddle semantic eval tasks.jsonl --route ask --min-accuracy 0.9\n  heddle semantic eval tasks.jsonl --route ask --against ask-new.yaml\n  heddle semantic decisions --route ask\n\nA labelled set has a line {"task": "…", "agent": "translator"} a task; "agent": null is a task for nobody.\n')
  semantic
    .command('try <task>')
    .description('where a task would go, and why')
    .requiredOption('--route <name>', 'the AgentRoute')
    .option('-n, --namespace <namespace>', 'of the route', 'default')
    .action(async (task: string, { route, namespace }: EvalOptions, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const { body } = await openApi().request<TryAnswer>('POST', '/semantic/try', { query: { mesh }, body: { namespace, route, task } })
      if (output !== 'table') return printData(output, body)
      console.log(`${body.chosen ?? `the fallback${body.fallback === null ? ', and there is none' : ` ${body.fallback}`}`}: ${body.reason}`)
      console.log(`Envoy route ${body.envoyRoute}`)
      printRows('table', body.candidates, [
        { title: 'candidate', value: (row) => row.agent },
        { title: 'skill', value: (row) => row.skill },
        { title: 'similarity', value: (row) => row.similarity?.toFixed(3) },
        { title: 'score', value: (row) => row.score?.toFixed(3) },
        { title: 'lost because', value: (row) => row.why },
      ])
    })
  semantic
    .command('eval <file>')
    .description('accuracy, confusion and thresholds over a labelled set; fails below --min-accuracy, for CI')
    .requiredOption('--route <name>', 'the AgentRoute')
    .option('-n, --namespace <namespace>', 'of the route', 'default')
    .option('--min-accuracy <share>', 'fail when fewer tasks than this share (0 to 1) went where they should')
    .option('--against <file>', 'judge this AgentRoute (YAML or JSON) by the same tasks, and say what would change')
    .action(async (file: string, { route, namespace, minAccuracy, against }: EvalOptions, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const least = minAccuracy === undefined ? null : parseShare(minAccuracy)
      const { body } = await openApi().request<EvaluateAnswer>('POST', '/semantic/evaluate', { query: { mesh }, body: { namespace, route, tasks: readTasks(file), ...(against === undefined ? {} : { against: readSpec(against) }) } })
      if (output !== 'table') printData(output, body)
      else {
        showEvaluation(body)
        if (body.comparison) showComparison(body, body.comparison)
      }
      if (least !== null && body.accuracyWithFallback < least) throw new MeshError('invalid', `${percent(body.accuracyWithFallback)} of the tasks went where they should; at least ${percent(least)} are asked for`)
    })
  semantic
    .command('decisions')
    .description('the newest decisions')
    .option('--route <name>', 'of this AgentRoute alone')
    .action(({ route }: { route?: string }, command: Command) =>
      printList<Decision>(
        command,
        '/semantic/decisions',
        [
          { title: 'decision', value: (row) => row.id },
          { title: 'at', value: (row) => row.at },
          { title: 'route', value: (row) => `${row.namespace}/${row.route}` },
          { title: 'outcome', value: (row) => row.outcome },
          { title: 'chosen', value: (row) => row.chosen },
          { title: 'because', value: (row) => row.reason },
        ],
        { route },
      ),
    )
}

function parseShare(text: string): number {
  const share = Number(text)
  if (!(share >= 0 && share <= 1)) throw new MeshError('bad_request', `--min-accuracy takes a number from 0 to 1, not “${text}”`)
  return share
}

/** One JSON object a line; an empty line is passed over. */
function readTasks(file: string): LabelledTask[] {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (cause) {
    throw new MeshError('bad_request', `cannot read ${file}: ${messageOf(cause)}`, { cause })
  }
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), at: index + 1 })).filter(({ line }) => line !== '')
  if (lines.length === 0) throw new MeshError('bad_request', `there is no task in ${file}`)
  if (lines.length > TASKS_MAX) throw new MeshError('bad_request', `${file} has ${lines.length} tasks; at most ${TASKS_MAX} are judged at once`)
  return lines.map(({ line, at }) => {
    const parsed = LabelledTask.safeParse(parseLine(line))
    if (!parsed.success) throw new MeshError('bad_request', `${file}, line ${at} is no labelled task: it needs {"task": "…", "agent": "NAME" or null}`)
    return parsed.data
  })
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

function showEvaluation(result: Evaluation): void {
  const share = (value: number | null) => (value === null ? '-' : percent(value))
  console.log(`${result.tasks} tasks: accuracy ${share(result.accuracy)}, macro-F1 ${result.macroF1?.toFixed(3) ?? '-'}, with the fallback ${share(result.accuracyWithFallback)}, coverage ${share(result.coverage)}, out-of-scope AUROC ${result.outOfScopeAuroc?.toFixed(3) ?? '-'}`)
  console.log(`a decision takes p50 ${result.latencyMs.p50} ms, p99 ${result.latencyMs.p99} ms; the best floor for this set is ${result.suggestedFloor}`)
  printRows('table', result.thresholds.filter((_, index) => index % 2 === 0), [
    { title: 'floor', value: (row) => row.floor.toFixed(2) },
    { title: 'coverage', value: (row) => percent(row.coverage) },
    { title: 'right of chosen', value: (row) => share(row.accuracyOfChosen) },
    { title: 'right with fallback', value: (row) => percent(row.accuracyWithFallback) },
  ])
  const confused = result.confusion.filter(({ wanted, chosen }) => wanted !== chosen)
  if (confused.length > 0) printRows('table', confused.slice(0, 20), [{ title: 'wanted', value: (row) => row.wanted }, { title: 'chosen', value: (row) => row.chosen }, { title: 'tasks', value: (row) => row.tasks }])
}

function showComparison(now: Evaluation, { other, better, worse, byChance, changed }: Comparison): void {
  const name = (agent: string | null) => agent ?? 'nobody'
  console.log(`the other: ${percent(other.accuracyWithFallback)} with the fallback (now ${percent(now.accuracyWithFallback)}), coverage ${percent(other.coverage)} (now ${percent(now.coverage)}); ${better} tasks better, ${worse} worse, by chance alone with ${percent(byChance)}`)
  if (changed.length > 0) printRows('table', changed.slice(0, 20), [{ title: 'task', value: (row) => row.task.slice(0, 60) }, { title: 'wanted', value: (row) => name(row.wanted) }, { title: 'now', value: (row) => name(row.chosen) }, { title: 'the other', value: (row) => name(row.other) }])
}

/** Of the one AgentRoute in the file; the API judges it. */
function readSpec(file: string): unknown {
  const [first, ...others] = readManifests([file])
  if (first?.ref.kind !== 'AgentRoute' || others.length > 0) throw new MeshError('bad_request', `${file} needs to hold one AgentRoute`)
  return first.body['spec']
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
