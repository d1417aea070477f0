import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { parse, stringify } from 'yaml'
import { MeshError, messageOf } from '../contracts/errors.ts'
import type { Redaction, RedactionTrialResult } from '../contracts/redaction.ts'
import { openApi } from './client.ts'
import { globalOptions, printData } from './output.ts'

export function register(program: Command): void {
  const redaction = program
    .command('redaction')
    .description('what is taken out of telemetry before it is stored')
    .addHelpText('after', `\nExamples:\n  heddle redaction show > rules.yaml\n  heddle redaction try "call me: ann@example.com"\n  heddle redaction set -f rules.yaml\n`)
  redaction
    .command('show')
    .description('print the rules, as set takes them')
    .action(async (_flags: object, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const rules = await openApi().get<Redaction>('/redaction', { mesh })
      if (output === 'table') process.stdout.write(stringify(rules))
      else printData(output, rules)
    })
  redaction
    .command('set')
    .description('set the rules; every collector follows within two seconds')
    .requiredOption('-f, --filename <file>', 'the rules, YAML or JSON; - for stdin')
    .action(async ({ filename }: { filename: string }, command: Command) => {
      const { mesh } = globalOptions(command)
      const { body } = await openApi().request<Redaction>('PUT', '/redaction', { query: { mesh }, body: readRules(filename) })
      console.log(`on: ${Object.entries(body.builtIn).flatMap(([name, on]) => (on ? [name] : [])).join(', ') || 'nothing built in'}; rules of your own: ${body.custom.length}`)
    })
  redaction
    .command('try <text>')
    .description('print a text as it would be stored; - reads it from stdin')
    .option('-f, --filename <file>', 'by the rules of this file instead of those in force')
    .action(async (text: string, { filename }: { filename?: string }, command: Command) => {
      const { output, mesh } = globalOptions(command)
      const rules = filename === undefined ? undefined : readRules(filename)
      const { body } = await openApi().request<RedactionTrialResult>('POST', '/redaction/try', { query: { mesh }, body: { text: text === '-' ? readFileSync(0, 'utf8') : text, rules } })
      if (output !== 'table') return printData(output, body)
      console.log(body.text)
      for (const name of body.costly) console.error(`“${name}” has no three characters that are always in what it matches: every value is looked through, which slows the collector down`)
    })
}

function readRules(filename: string): unknown {
  try {
    return parse(readFileSync(filename === '-' ? 0 : filename, 'utf8'))
  } catch (cause) {
    throw new MeshError('bad_request', `${filename} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
