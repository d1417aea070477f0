import { notFound } from 'next/navigation'
import { KIND_OF_PART, type PolicyPart } from '#components/paths.ts'

/** The sort of policies that an address names; an address that names none is not there. */
export function readPart(text: string): PolicyPart {
  if (!Object.hasOwn(KIND_OF_PART, text) || text === 'objectives') notFound()
  return text as PolicyPart // one of its keys
}
