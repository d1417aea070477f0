import type { Command } from 'commander'
import { MeshError } from '../contracts/errors.ts'
import type { Alert, ObjectiveStatus, Silence } from '../contracts/objective.ts'
import { openApi } from './client.ts'
import { globalOptions, type Column } from './output.ts'
import { printList } from './print-list.ts'

const ALERTS: readonly Column<Alert>[] = [
  { title: 'objective', value: ({ namespace, objective }) => `${namespace}/${objective}` },
  { title: 'speed', value: ({ speed }) => speed },
  { title: 'began', value: ({ startedAt }) => startedAt },
  { title: 'ended', value: ({ endedAt }) => endedAt ?? 'runs' },
  { title: 'peak', value: ({ peak }) => peak.toFixed(1) },
  { title: 'silenced by', value: ({ silencedBy }) => silencedBy },
  { title: 'told', value: ({ deliveries }) => deliveries.map(({ receiver, event, state }) => `${receiver}: ${event} ${state}`).join(', ') },
]
const SILENCES: readonly Column<Silence>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'objective', value: ({ namespace, objective }) => `${namespace}/${objective ?? '*'}` },
  { title: 'until', value: ({ until }) => until },
  { title: 'by', value: ({ by }) => by },
  { title: 'reason', value: ({ reason }) => reason },
]

const times = (burn: number | null | undefined) => (typeof burn === 'number' ? burn.toFixed(1) : null)
const STATES: readonly Column<ObjectiveStatus>[] = [
  { title: 'objective', value: ({ namespace, name }) => `${namespace}/${name}` },
  { title: 'state', value: ({ state }) => state },
  { title: 'budget left', value: ({ budgetLeft }) => budgetLeft === null ? null : `${(budgetLeft * 100).toFixed(1)} %` },
  { title: 'burn 1h', value: ({ burn }) => times(burn['1h']) },
  { title: 'burn 6h', value: ({ burn }) => times(burn['6h']) },
  { title: 'counted', value: ({ calls }) => String(calls) },
  { title: 'bad', value: ({ calls, good, cost }) => (cost ? null : String(calls - good)) },
  { title: 'spent', value: ({ cost }) => cost && `${cost.spent.toFixed(4)} of ${cost.allowed.toFixed(4)} ${cost.currency}` },
]

export function register(program: Command): void {
  const alerts = program.command('alerts').description('alerts of objectives, and who is not told of them')
  alerts
    .command('list', { isDefault: true })
    .description('the newest alerts, with whom they were told')
    .option('--running', 'those that run alone', false)
    .action(({ running }: { running: boolean }, command: Command) => printList(command, '/alerts', ALERTS, running ? { running: 'true' } : {}))
  alerts
    .command('objectives')
    .description('how each objective is kept, the worst first')
    .action((_flags: object, command: Command) => printList(command, '/objective-states', STATES))
  alerts
    .command('silences')
    .description('silences that are not over')
    .action((_flags: object, command: Command) => printList(command, '/silences', SILENCES))
  alerts
    .command('silence [objective]')
    .description('tell nobody of an objective’s alerts for a while, or of those of a whole namespace')
    .option('-n, --namespace <namespace>', 'of the objective', 'default')
    .option('--minutes <number>', 'how long', '60')
    .option('--reason <text>', 'for whoever wonders', '')
    .action(async (objective: string | undefined, { namespace, minutes, reason }: { namespace: string; minutes: string; reason: string }, command: Command) => {
      const { mesh } = globalOptions(command)
      if (!/^\d+$/.test(minutes)) throw new MeshError('bad_request', `--minutes takes a whole number, not “${minutes}”`)
      const { body } = await openApi().request<Silence>('POST', '/silences', { query: { mesh }, body: { namespace, objective: objective ?? null, minutes: Number(minutes), reason } })
      console.log(`nobody is told of ${namespace}/${objective ?? '*'} until ${body.until}; heddle alerts unsilence ${body.id} ends it`)
    })
  alerts
    .command('unsilence <id>')
    .description('end a silence now')
    .action(async (id: string, _flags: object, command: Command) => {
      const { mesh } = globalOptions(command)
      await openApi().request('DELETE', `/silences/${encodeURIComponent(id)}`, { query: { mesh } })
      console.log('the silence is over')
    })
}
