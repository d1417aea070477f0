/** What is taken out of telemetry before it is stored, and the marks left in its place. */
import { z } from 'zod'

export const BUILT_IN = {
  apiKeys: { mark: 'api key', on: true, says: 'API keys by the prefixes of their makers: OpenAI, Anthropic, AWS, Google, GitHub, GitLab, Slack, Stripe, Hugging Face, npm and others' },
  tokens: { mark: 'token', on: true, says: 'Bearer and Basic credentials, and JSON web tokens' },
  privateKeys: { mark: 'private key', on: true, says: 'PEM blocks of private keys' },
  credentials: { mark: 'credential', on: true, says: 'Values named password, secret, API key, authorization, cookie and the like, and passwords in URLs' },
  emails: { mark: 'email', on: false, says: 'E-mail addresses' },
  cards: { mark: 'card number', on: false, says: 'Payment card numbers: 13 to 19 digits with a right check digit' },
  ibans: { mark: 'iban', on: false, says: 'Bank account numbers (IBAN) with right check digits' },
} as const satisfies Record<string, { mark: string; on: boolean; says: string }>
export type BuiltIn = keyof typeof BUILT_IN
export const BUILT_IN_NAMES = Object.keys(BUILT_IN) as BuiltIn[] // the keys of that very object

/** Where an own rule looks. `messages` are prompts, answers, tool arguments and results; `names` those of spans, events and scopes, and status messages. */
export const RedactionPlace = z.enum(['attributes', 'messages', 'logs', 'names'])
export type RedactionPlace = z.infer<typeof RedactionPlace>

export const REDACTION_LIMITS = { customMax: 50, patternMax: 500, nameMax: 40, tryMax: 20_000 }

export const CustomRule = z.strictObject({
  /** Stands in the mark: `[redacted: NAME]`. */
  name: z.string().regex(/^[a-z0-9][a-z0-9 _-]*$/, 'a name has small letters, digits, spaces, - and _').max(REDACTION_LIMITS.nameMax),
  /** RE2 syntax: no look-around and no back-references, so that any text takes time in proportion to its length. */
  pattern: z.string().min(1).max(REDACTION_LIMITS.patternMax),
  in: z.array(RedactionPlace).min(1).max(RedactionPlace.options.length).default([...RedactionPlace.options]),
})
export type CustomRule = z.infer<typeof CustomRule>

const Switches = z.strictObject(Object.fromEntries(BUILT_IN_NAMES.map((name) => [name, z.boolean().default(BUILT_IN[name].on)])) as Record<BuiltIn, z.ZodDefault<z.ZodBoolean>>) // a switch each

export const Redaction = z.strictObject({
  builtIn: Switches.prefault({}),
  custom: z.array(CustomRule).max(REDACTION_LIMITS.customMax).default([]).refine((rules) => new Set(rules.map((rule) => rule.name)).size === rules.length, 'two rules have the same name'),
})
export type Redaction = z.infer<typeof Redaction>

export const RedactionTrial = z.strictObject({ text: z.string().max(REDACTION_LIMITS.tryMax), rules: Redaction.optional() })
export const RedactionTrialResult = z.object({
  text: z.string(),
  /** How often each mark was set. */
  found: z.record(z.string(), z.number().int()),
  /** Own rules without fixed text of three characters: every value is looked through for them. */
  costly: z.array(z.string()),
})
export type RedactionTrialResult = z.infer<typeof RedactionTrialResult>
