import type { Command } from 'commander'
import type { ProbedInstance, ProbeEvent } from '../contracts/registry.ts'
import { openApi } from './client.ts'
import { globalOptions, printRows } from './output.ts'

interface Options {
  namespace?: string
  events?: boolean
}

export function register(program: Command): void {
  program
    .command('probes')
    .description('show what probes found, and when it changed')
    .argument('[agent]', 'of this agent alone')
    .option('-n, --namespace <namespace>', 'of this namespace alone')
    .option('--events', 'when states changed, newest first')
    .addHelpText('after', '\nExamples:\n  heddle probes\n  heddle probes translator --events\n\nA probe is an object: heddle apply -f probe.yaml (kind HealthProbe), heddle get healthprobes.\n')
    .action(async (agent: string | undefined, { namespace, events }: Options, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const query = { mesh, agent, namespace, limit: 1000 }
      if (events) return printRows(output, (await openApi().get<{ items: ProbeEvent[] }>('/probe-events', query)).items, [
        { title: 'at', value: (event) => event.at },
        { title: 'instance', value: (event) => event.instance },
        { title: 'probe', value: (event) => event.probe },
        { title: 'became', value: (event) => `${event.was} → ${event.became}` },
        { title: 'because', value: (event) => event.reason },
      ])
      printRows(output, (await openApi().get<{ items: ProbedInstance[] }>('/probed-instances', query)).items, [
        { title: 'instance', value: (one) => one.instance },
        { title: 'agent', value: (one) => `${one.namespace}/${one.agent}` },
        { title: 'state', value: (one) => one.state },
        { title: 'since', value: (one) => one.since },
        { title: 'probes', value: (one) => one.probes.map(({ probe, state }) => `${probe} ${state}`).join(', ') },
        { title: 'because', value: (one) => one.reason },
      ])
    })
}
