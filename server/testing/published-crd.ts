// Judges objects as a Kubernetes API server would by the published CRD: the structural schema, then its rules in CEL, where all fields that
// the schema does not know are refused (strict field validation).
import { Environment } from '@marcbachmann/cel-js'
import { Ajv, type ValidateFunction } from 'ajv'
import { readFileSync } from 'node:fs'

interface Schema {
  type?: string
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema
  'x-kubernetes-validations'?: { rule: string; message?: string }[]
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  'x-kubernetes-list-map-keys'?: string[]
}

type Rule = (self: unknown) => boolean

/** What is wrong with `{ spec }`, a sentence each with its place; none for one that would be taken. Defaults are filled in first. */
export function publishedCrd(plural: 'httproutes' | 'grpcroutes' | 'gateways'): (object: { spec: unknown }) => string[] {
  const schema: Schema = { type: 'object', properties: JSON.parse(readFileSync(new URL(`testdata/gateway-api/${plural}.json`, import.meta.url), 'utf8')) as Record<string, Schema> }
  closeObjects(schema)
  const ajv = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, useDefaults: true, allErrors: true })
  const fits: ValidateFunction = ajv.compile(schema)
  const rules = new Map<string, Rule>()
  return ({ spec }) => {
    const object = structuredClone({ spec })
    if (!fits(object)) return (fits.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`)
    return broken(schema, object, '', rules)
  }
}

function closeObjects(schema: Schema): void {
  if (schema.properties) {
    schema.additionalProperties ??= false
    for (const child of Object.values(schema.properties)) closeObjects(child)
  }
  if (typeof schema.additionalProperties === 'object') closeObjects(schema.additionalProperties)
  if (schema.items) closeObjects(schema.items)
}

function broken(schema: Schema, value: unknown, place: string, rules: Map<string, Rule>): string[] {
  const own = (schema['x-kubernetes-validations'] ?? []).filter(({ rule }) => !ruleOf(rule, rules)(forCel(value))).map(({ rule, message }) => `${place}: ${message ?? rule}`)
  if (Array.isArray(value)) return [...own, ...repeated(schema, value, place), ...value.flatMap((item, index) => broken(schema.items ?? {}, item, `${place}/${index}`, rules))]
  if (typeof value !== 'object' || value === null) return own
  return [...own, ...Object.entries(value).flatMap(([key, child]) => broken(schema.properties?.[key] ?? {}, child, `${place}/${key}`, rules))]
}

function repeated(schema: Schema, list: readonly unknown[], place: string): string[] {
  const keys = schema['x-kubernetes-list-map-keys']
  const keyOf = schema['x-kubernetes-list-type'] === 'map' && keys ? (item: unknown) => JSON.stringify(keys.map((key) => (item as Record<string, unknown>)[key])) : (item: unknown) => JSON.stringify(item)
  const isUnique = schema['x-kubernetes-list-type'] === 'atomic' || schema['x-kubernetes-list-type'] === undefined || new Set(list.map(keyOf)).size === list.length
  return isUnique ? [] : [`${place}: an item is there twice`]
}

function ruleOf(text: string, rules: Map<string, Rule>): Rule {
  const known = rules.get(text)
  if (known) return known
  const run = new Environment({ unlistedVariablesAreDyn: true }).parse(inThisCel(text))
  const rule: Rule = (self) => run({ self }) === true
  rules.set(text, rule)
  return rule
}

/** JavaScript has no (?i) within an expression (the one rule that has it names letters alone), and this CEL no has() of a path with an index. */
function inThisCel(rule: string): string {
  const cased = rule.includes('(?i)') ? rule.replace('(?i)', '').replaceAll('a-z', 'A-Za-z') : rule
  return cased.replaceAll(/has\(([\w.]*\[\d+\][\w.[\]]*)\.(\w+)\)|has\((self\[\d+\])\.(\w+)\)/g, (_, path?: string, field?: string, item?: string, of?: string) => `('${field ?? of}' in ${path ?? item})`)
}

/** Whole numbers are CEL's int, and a name that CEL reserves is escaped: https://kubernetes.io/docs/reference/using-api/cel/#escaping */
function forCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(forCel)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key === 'namespace' ? '__namespace__' : key, forCel(child)]))
}
