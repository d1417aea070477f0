// Text exposition 0.0.4 and OpenMetrics 1.0, one reader: they differ in their end and in exemplars.
// https://prometheus.io/docs/instrumenting/exposition_formats/ https://prometheus.io/docs/specs/om/open_metrics_spec/
import { BREATH, LIMITS, malformed, type Sample, type Samples, type Wanted } from './sample.ts'

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(,|(?=\}))/y
const LABELS_END = /[ \t]*\}/y
const VALUE = /[ \t]*(\S+)(?:[ \t]+(-?\d+(?:\.\d+)?))?[ \t]*(#.*)?$/y
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) ([a-z]+)[ \t]*$/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Throws `bad_request` naming the line. A text that was cut is told by its last line, or by the missing `# EOF`. */
export function* readText(text: string, wanted: Wanted, openMetrics: boolean): Samples {
  const types = new Map<string, string>()
  let number = 0
  let ended = false
  let breathedAt = 0
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const where = `line ${++number}`
    if (end === -1 && text.slice(at, at + 5) !== '# EOF') malformed(where, 'it does not end: the answer was cut')
    const to = end === -1 ? text.length : end
    if (to - at > LIMITS.lineMax) malformed(where, `it is longer than ${LIMITS.lineMax} characters`)
    if (ended) malformed(where, 'something follows “# EOF”')
    const line = text.slice(at, text[to - 1] === '\r' ? to - 1 : to)
    at = to + 1
    if (at - breathedAt >= BREATH.characters) {
      breathedAt = at
      yield null
    }
    if (line.startsWith('#')) {
      if (line === '# EOF' && openMetrics) ended = true
      else takeType(line, types, where)
    } else if (line.trim() !== '') {
      const sample = readLine(line, types, wanted, where)
      if (sample) yield sample
    }
  }
  if (openMetrics && !ended) malformed(`line ${number}`, 'the end “# EOF” is missing: the answer was cut')
}

function takeType(line: string, types: Map<string, string>, where: string): void {
  if (!line.startsWith('# TYPE ')) return
  const [, name = '', type = ''] = TYPE.exec(line) ?? malformed(where, 'it is no “# TYPE name type”')
  if (types.size >= LIMITS.typesMax) malformed(where, `more than ${LIMITS.typesMax} metrics`)
  types.set(name, type)
}

function readLine(line: string, types: ReadonlyMap<string, string>, wanted: Wanted, where: string): Sample | null {
  NAME.lastIndex = 0
  const name = NAME.exec(line)?.[0] ?? malformed(where, `“${line.slice(0, 40)}” is no sample`)
  let at = name.length
  if (line[at] !== '{' && line[at] !== ' ' && line[at] !== '\t') malformed(where, `“${line.slice(0, 40)}” is no sample`)
  if (!wanted(name)) return null
  const labels: Record<string, string> = Object.create(null) // a label may be named __proto__
  while (line[at] === ' ' || line[at] === '\t') at++
  if (line[at] === '{') at = readLabels(line, at + 1, labels, where)
  VALUE.lastIndex = at
  const [, text = '', , rest = ''] = VALUE.exec(line) ?? malformed(where, 'it has no value')
  if (rest !== '' && !rest.startsWith('# {')) malformed(where, 'something follows the value')
  return { name, type: types.get(name) ?? types.get(name.replace(/_(total|bucket|sum|count)$/, '')) ?? 'untyped', labels, value: numberOf(text, where) }
}

function readLabels(line: string, from: number, labels: Record<string, string>, where: string): number {
  let at = from
  for (let count = 0; ; count++) {
    LABELS_END.lastIndex = at
    if (LABELS_END.test(line)) return LABELS_END.lastIndex
    if (count >= LIMITS.labelsMax) malformed(where, `more than ${LIMITS.labelsMax} labels`)
    LABEL.lastIndex = at
    const [, name = '', value = ''] = LABEL.exec(line) ?? malformed(where, 'its labels cannot be read')
    if (name in labels) malformed(where, `the label ${name} is there twice`)
    if (value.length > LIMITS.labelMax) malformed(where, `the label ${name} is longer than ${LIMITS.labelMax} characters`)
    labels[name] = value.includes('\\') ? value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)) : value
    at = LABEL.lastIndex
  }
}

/** As Go writes numbers. */
export function numberOf(text: string, where: string): number {
  if (NUMBER.test(text)) return Number(text)
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text)
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity
  if (/^[+-]?nan$/i.test(text)) return NaN
  return malformed(where, `“${text.slice(0, 40)}” is no number`)
}
