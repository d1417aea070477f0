import type { BuiltIn } from '#server/contracts/redaction.ts'

/** Bytes to be replaced. */
export interface Range {
  from: number
  to: number
}

/** What is found by a fixed text in it or before it. */
export interface Finder {
  rule: BuiltIn
  /** Of three bytes or more. */
  texts: readonly string[]
  /**
   * Looks around such a text at `at`, within the value at `[from, to)`. Without success it takes a bounded number of steps, or as many as
   * there are bytes to the next such text: hostile values cost no more than long ones.
   */
  find(bytes: Buffer, at: number, from: number, to: number): Range | null
  /** The same where nobody knows yet where the value begins and ends: too much is right, too little is not. Without it `find` is asked. */
  suspects?(bytes: Buffer, at: number): boolean
}

/** What has no fixed text. */
export interface Seeker {
  rule: BuiltIn
  /** Within one value. */
  seek(bytes: Buffer, found: (range: Range) => void): void
  /** Gives a place within each value that may have one, in bytes of many values. */
  suspect(bytes: Buffer, visit: (at: number) => void): void
}
