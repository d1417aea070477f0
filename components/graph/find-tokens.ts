export type Token =
  | { kind: 'word'; text: string; at: number }
  | { kind: 'text'; text: string; at: number }
  | { kind: 'op'; text: Operator; at: number }
  | { kind: 'paren'; text: '(' | ')'; at: number }

export const OPERATORS = ['>=', '<=', '!=', '=', '>', '<', '~'] as const
export type Operator = (typeof OPERATORS)[number]

/** Words, quoted texts, operators and parentheses; an unclosed quote reaches to the end, as while typing. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const rest = source.slice(at)
    const space = /^[\s,]+/.exec(rest)
    if (space) {
      at += space[0].length
      continue
    }
    const operator = OPERATORS.find((candidate) => rest.startsWith(candidate))
    const quoted = /^"([^"]*)"?/.exec(rest)
    const token: Token = operator
      ? { kind: 'op', text: operator, at }
      : quoted
        ? { kind: 'text', text: quoted[1] ?? '', at }
        : rest[0] === '(' || rest[0] === ')'
          ? { kind: 'paren', text: rest[0], at }
          : { kind: 'word', text: /^[^\s,()"<>=!~]+|^./.exec(rest)?.[0] ?? rest[0] ?? '', at }
    tokens.push(token)
    at += quoted && !operator ? quoted[0].length : token.text.length
  }
  return tokens
}
