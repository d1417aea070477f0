import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { parse, stringify } from 'yaml'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { REFUSED_SAMPLES, type RefusedSample, type ScrapeStatus, type ScrapeTargets } from '../contracts/scrape.ts'
import { openApi } from './client.ts'
import { globalOptions, printData, type Column } from './output.ts'
import { printList } from './print-list.ts'

const COLUMNS: readonly Column<ScrapeStatus>[] = [
  { title: 'target', value: ({ name }) => name },
  { title: 'state', value: ({ state }) => state },
  { title: 'last scrape', value: ({ scrapedAt }) => scrapedAt },
  { title: 'series', value: ({ series }) => series },
  { title: 'edges', value: ({ edges }) => edges },
  { title: 'count nothing', value: ({ refused }) => Object.entries(refused).map(([why, count]) => `${count} ${REFUSED_SAMPLES[why as RefusedSample] ?? why}`).join('; ') }, // a reason that is newer than this command stands as it is
  { title: 'error', value: ({ error }) => error },
]

export function register(program: Command): void {
  const scrape = program
    .command('scrape')
    .description('proxies of other meshes whose Prometheus metrics are read into the graph')
    .addHelpText('after', '\nExamples:\n  heddle scrape status\n  heddle scrape show > targets.yaml\n  heddle scrape set -f targets.yaml\n')
  scrape
    .command('status')
    .description('how the last scrape of each target went')
    .action((_flags: object, command: Command) => printList(command, '/scrape-targets/status', COLUMNS))
  scrape
    .command('show')
    .description('print the targets, as set takes them')
    .action(async (_flags: object, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const targets = await openApi().get<ScrapeTargets>('/scrape-targets', { mesh })
      if (output === 'table') process.stdout.write(stringify(targets))
      else printData(output, targets)
    })
  scrape
    .command('set')
    .description('set what is scraped')
    .requiredOption('-f, --filename <file>', 'the targets, YAML or JSON; - for stdin')
    .action(async ({ filename }: { filename: string }, command: Command) => {
      const { mesh } = globalOptions(command)
      const { body } = await openApi().request<ScrapeTargets>('PUT', '/scrape-targets', { query: { mesh }, body: readTargets(filename) })
      console.log(body.items.length === 0 ? 'nothing is scraped' : `scraped: ${body.items.map(({ name, intervalSeconds }) => `${name} every ${intervalSeconds} s`).join(', ')}; the first scrape of each counts nothing`)
    })
}

function readTargets(filename: string): unknown {
  try {
    return parse(readFileSync(filename === '-' ? 0 : filename, 'utf8'))
  } catch (cause) {
    throw new MeshError('bad_request', `${filename} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
