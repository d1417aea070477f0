import { NOTHING } from '#components/ui/format.ts'

/** `97.3 %`. */
export function share(value: number | null): string {
  return value === null ? NOTHING : `${(value * 100).toFixed(1)} %`
}
