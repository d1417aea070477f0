import { expect, test } from 'vitest'
import { readProtobuf } from './protobuf.ts'
import { readText } from './text.ts'

const read = (text: string, openMetrics = false) => [...readText(text, () => true, openMetrics)].map((sample) => sample && { ...sample, labels: { ...sample.labels } })

test('names, labels, escapes, numbers, timestamps and types are read as they are specified', () => {
  const text = [
    '# HELP http_requests_total The total number of HTTP requests.', '# TYPE http_requests_total counter',
    'http_requests_total{method="post",code="200"} 1027 1395066363000', '', '# a comment', 'http_requests_total {path = "C:\\\\DIR\\n\\"x\\"", } 3e2',
    'something_weird{problem="division by zero"} +Inf -3982045', 'nothing NaN', 'metric_without_labels 12.47', 'lower{__proto__="}"} .5', '',
  ].join('\n')
  expect(read(text)).toEqual([
    { name: 'http_requests_total', type: 'counter', labels: { method: 'post', code: '200' }, value: 1027 },
    { name: 'http_requests_total', type: 'counter', labels: { path: 'C:\\DIR\n"x"' }, value: 300 },
    { name: 'something_weird', type: 'untyped', labels: { problem: 'division by zero' }, value: Infinity },
    { name: 'nothing', type: 'untyped', labels: {}, value: NaN },
    { name: 'metric_without_labels', type: 'untyped', labels: {}, value: 12.47 },
    { name: 'lower', type: 'untyped', labels: { ['__proto__']: '}' }, value: 0.5 },
  ])
})

test('OpenMetrics: the family without its suffix, exemplars, and an end', () => {
  const text = '# TYPE foo counter\n# UNIT foo seconds\nfoo_total{a="b"} 17.0 1520879607.789 # {trace_id="x"} 0.67 1520879607\nfoo_created{a="b"} 1520430000.123\n# EOF\n'
  expect(read(text, true)).toMatchObject([{ name: 'foo_total', type: 'counter', value: 17 }, { name: 'foo_created' }])
  expect(read(text.slice(0, -1), true)).toHaveLength(2)
})

test.each<[string, string, boolean, RegExp]>([
  ['cut within a line', 'a_total 1\na_total{b="c"} 2', false, /line 2: it does not end/],
  ['cut between lines, OpenMetrics', 'a_total 1\n', true, /“# EOF” is missing/],
  ['more behind the end', '# EOF\na 1\n', true, /follows “# EOF”/],
  ['HTML', '<html><body>a 1</body></html>\n', false, /line 1: “<html>.*” is no sample/],
  ['JSON', '{"a":1}\n', false, /is no sample/],
  ['no value', 'a{b="c"}\n', false, /no value/],
  ['a word for a number', 'a twelve\n', false, /“twelve” is no number/],
  ['a number in hexadecimal', 'a 0x10\n', false, /is no number/],
  ['a label without quotes', 'a{b=c} 1\n', false, /labels cannot be read/],
  ['a label that does not end', 'a{b="c\n', false, /labels cannot be read/],
  ['a label twice', 'a{b="c",b="d"} 1\n', false, /label b is there twice/],
  ['more than the value', 'a 1 2 3\n', false, /value/],
  ['a million labels', `a{${Array.from({ length: 1_000_000 }, (_, index) => `l${index}="x"`).join(',')}} 1\n`, false, /longer than 32768 characters/],
  ['a hundred labels', `a{${Array.from({ length: 100 }, (_, index) => `l${index}="x"`).join(',')}} 1\n`, false, /more than 64 labels/],
  ['a long label', `a{b="${'x'.repeat(2000)}"} 1\n`, false, /label b is longer/],
  ['a line of 100 kB', `# ${'x'.repeat(100_000)}\n`, false, /longer than 32768/],
  ['quotes that would make a slow expression slow', `a{b="${'\\'.repeat(30_001)} 1\n`, false, /labels cannot be read/],
  ['20,001 types', Array.from({ length: 20_001 }, (_, index) => `# TYPE a${index} counter\n`).join(''), false, /more than 20000 metrics/],
])('%s is refused with its line', (_, text, openMetrics, sentence) => {
  expect(() => read(text, openMetrics)).toThrow(sentence)
})

test.each<[string, Buffer]>([
  ['cut', Buffer.from([0x10, 0x0a, 0x01])],
  ['a length beyond the end', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])],
  ['text', Buffer.from('a_total 1\n')],
])('protobuf that is %s is refused', (_, bytes) => {
  expect(() => [...readProtobuf(bytes, () => true)]).toThrow(/not valid protobuf/)
})

test.each([['short lines', 'a_total{b="c"} 1\n'], ['lines of nine kilobytes', `a_total{${Array.from({ length: 10 }, (_, index) => `l${index}="${'x'.repeat(900)}"`).join()}} 1\n`], ['comments', `# HELP a ${'x'.repeat(500)}\n`]])('a long text lets others run each 32 kB: %s', (_, line) => {
  const text = line.repeat(Math.ceil(1_000_000 / line.length))
  const pauses = read(text).filter((sample) => sample === null).length
  expect(pauses).toBeGreaterThan(25)
  expect(pauses).toBeLessThan(35)
})
