import type { HTTPMethod } from '#server/contracts/route-filters.ts'
import type { z } from 'zod'

/** A question as it stands in the page's address; `from` is `namespace/name`. */
export interface Asked {
  from: string
  to: string
  path: string
  method: z.infer<typeof HTTPMethod>
  headers: string
}

/** Lines of `name: value`; `wrong` says which is none. */
export function parseHeaders(text: string): { headers: Record<string, string>; wrong: string | null } {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const bad = lines.find((line) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:/.test(line))
  if (bad !== undefined) return { headers: {}, wrong: `“${bad}” is no header; write name: value` }
  return { headers: Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])), wrong: null }
}

/** The same question for a terminal, quoted for a shell. */
export function explainCommand({ from, to, path, method, headers }: Asked): string {
  const [namespace, agent = ''] = from.split('/')
  const lines = Object.entries(parseHeaders(headers).headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`)
  return ['npx heddle explain', quote(`${to}${path}`), `--from ${agent}`, ...(namespace === 'default' ? [] : [`-n ${namespace}`]), `-X ${method}`, ...lines].join(' ')
}

function quote(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
