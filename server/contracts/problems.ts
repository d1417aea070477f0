/** From zod's findings to ours: one problem a place, with a pointer that a form and an editor can follow. */
import type { z } from 'zod'
import type { Problem } from './errors.ts'

type Issue = z.core.$ZodIssue

/** RFC 6901: `pointerOf(['spec', 'rules', 0])` is `/spec/rules/0`. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

export function problemsOf(error: z.core.$ZodError): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, []))
}

function problemsOfIssue(issue: Issue, above: readonly PropertyKey[]): Problem[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: pointerOf([...path, key]), code: 'unknown_field', detail: `there is no field “${key}” here` }))
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return closestBranch(issue.errors).flatMap((inner) => problemsOfIssue(inner, path))
  return [{ pointer: pointerOf(path), code: CODES[issue.code] ?? issue.code, detail: issue.message }]
}

/** Of a union's branches, the one that came furthest says what the writer most likely meant. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]) => Math.max(0, ...issues.map((issue) => issue.path.length))
  return branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best))
}

const CODES: Partial<Record<Issue['code'], string>> = {
  invalid_type: 'wrong_type',
  invalid_value: 'not_allowed_value',
  invalid_format: 'wrong_format',
  invalid_key: 'wrong_format',
  custom: 'invalid',
}
