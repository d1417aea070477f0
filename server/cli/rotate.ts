import type { Command } from 'commander'
import { MeshError } from '../contracts/errors.ts'
import type { Rotation } from '../contracts/security.ts'
import { openApi, type Api } from './client.ts'
import { globalOptions, printData, printRows, type Column } from './output.ts'

const COLUMNS: readonly Column<Rotation['proxies'][number]>[] = [
  { title: 'proxy', value: (row) => row.proxy },
  { title: 'connected', value: (row) => yesNo(row.connected) },
  { title: 'trusts new', value: (row) => yesNo(row.trustsNew) },
  { title: 'holds new', value: (row) => yesNo(row.holdsNew) },
  { title: 'trusts old', value: (row) => yesNo(row.trustsOld) },
  { title: 'waits because', value: (row) => row.blocked },
]

const WISHES = {
  pause: 'stay at the present step',
  resume: 'go on',
  cancel: 'back to the old issuer',
  retire: 'confirm the last step: drop the old root',
} as const

export function register(program: Command): void {
  const rotate = program
    .command('rotate')
    .description('rotate the issuing certificate, step by step')
    .addHelpText('after', '\nTrust both → re-issue → prove on every proxy → retire the old, which waits for “heddle rotate retire”.\n\nExamples:\n  heddle rotate start --reason "yearly"\n  heddle rotate status\n  heddle rotate retire\n')
  rotate
    .command('start')
    .description('begin')
    .option('--reason <text>', 'for the audit', '')
    .action(async ({ reason }: { reason: string }, command: Command) => {
      const { mesh } = globalOptions(command)
      const { body } = await openApi().request<Rotation>('POST', '/rotations', { query: { mesh }, body: { reason } })
      show(body, command)
    })
  rotate
    .command('status')
    .description('the newest rotation, with the evidence of each proxy')
    .action(async (_flags: unknown, command: Command) => show(await newest(openApi(), globalOptions(command).mesh), command))
  for (const [wish, says] of Object.entries(WISHES)) {
    rotate
      .command(wish)
      .description(says)
      .action(async (_flags: unknown, command: Command) => {
        const { mesh } = globalOptions(command)
        const api = openApi()
        const { id } = await newest(api, mesh)
        const { body } = await api.request<Rotation>('POST', `/rotations/${id}/${wish}`, { query: { mesh } })
        show(body, command)
      })
  }
}

async function newest(api: Api, mesh: string): Promise<Rotation> {
  const { items } = await api.get<{ items: Rotation[] }>('/rotations', { mesh })
  const [rotation] = items
  if (!rotation) throw new MeshError('not_found', 'there has been no rotation; "heddle rotate start" begins one')
  return rotation
}

function show(rotation: Rotation, command: Command): void {
  const { output } = globalOptions(command)
  if (output !== 'table') return printData(output, rotation)
  console.log(`Rotation ${rotation.id}: ${rotation.state}, step ${rotation.step}, ${rotation.proved} of ${rotation.of} proxies`)
  for (const sentence of rotation.waitsFor) console.log(`  waits for ${sentence}`)
  if (rotation.state === 'waiting' && rotation.waitsFor.length === 0) console.log('  "heddle rotate retire" drops the old root')
  printRows('table', rotation.proxies, COLUMNS)
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no'
}
