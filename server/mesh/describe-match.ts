import type { HTTPRouteMatch } from '../contracts/http-route.ts'

/** `POST under /rpc, header x-tier is “gold”`; of a match without conditions, `every call`. */
export function describeMatch({ path, method, headers, queryParams }: HTTPRouteMatch): string {
  const value = (match: { type: string; value: string }) => (match.type === 'Exact' ? `is “${match.value}”` : `is of the form ${match.value}`)
  const where = path.type === 'Exact' ? `at ${path.value}` : path.type === 'RegularExpression' ? `at ${path.value} (regular expression)` : path.value === '/' ? '' : `under ${path.value}`
  const first = [method ?? '', where].filter((word) => word !== '').join(' ')
  const words = [first, ...headers.map((header) => `header ${header.name} ${value(header)}`), ...queryParams.map((parameter) => `query ${parameter.name} ${value(parameter)}`)]
  return words.filter((word) => word !== '').join(', ') || 'every call'
}
