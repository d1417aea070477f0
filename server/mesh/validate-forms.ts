// Forms of single values that the Gateway API refuses in routes and gateways. They stand here and not in the schema, by which stored
// objects are read as well: what an older Heddle accepted goes on to be served, and is refused when it is written anew.
import type { Gateway } from '../contracts/gateway.ts'
import type { GRPCRoute } from '../contracts/grpc-route.ts'
import type { HTTPRoute } from '../contracts/http-route.ts'
import type { Cors, HeaderEdit } from '../contracts/route-filters.ts'
import { eachRepeated, type Says } from './finding.ts'

/** RFC 3986: what a path may have unencoded. */
const PATH = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$/
const HEADER_VALUE = /^[!-~]+([\t ][!-~]+)*$/
const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/
const GRPC_SERVICE = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i
const GRPC_METHOD = /^[a-z_][a-z_0-9]*$/i
const SECTION_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const HOSTNAME = /^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/

export function validateHTTPForms({ spec }: HTTPRoute, says: Says): void {
  validateShared(spec, says)
  for (const [rule, { matches, filters, retry }] of spec.rules.entries()) {
    const at = `/spec/rules/${rule}`
    for (const [index, { path, headers, queryParams }] of matches.entries()) {
      const place = `${at}/matches/${index}`
      if (path.type !== 'RegularExpression') hold(PATH, path.value, `${place}/path/value`, 'other characters than those of a path (RFC 3986) are percent-encoded', says)
      for (const [header, { value }] of headers.entries()) hold(HEADER_VALUE, value, `${place}/headers/${header}/value`, VISIBLE, says)
      for (const [param, { name }] of queryParams.entries()) hold(TOKEN, name, `${place}/queryParams/${param}/name`, 'the name of a query parameter is an RFC 9110 token, as a header’s is', says)
    }
    for (const [index, filter] of filters.entries()) if (filter.type === 'CORS') validateCorsLists(filter.cors, `${at}/filters/${index}/cors`, says)
    if (retry?.attempts === 0) says.problem(`${at}/retry/attempts`, 'too_small', 'at least one; leave retry out to have none')
  }
}

export function validateGRPCForms({ spec }: GRPCRoute, says: Says): void {
  validateShared(spec, says)
  for (const [rule, { matches }] of spec.rules.entries())
    for (const [index, { method }] of matches.entries()) {
      if (method?.type !== 'Exact') continue
      const at = `/spec/rules/${rule}/matches/${index}/method`
      if (method.service !== undefined) hold(GRPC_SERVICE, method.service, `${at}/service`, 'a service is names of letters, digits and “_”, with dots between them', says)
      if (method.method !== undefined) hold(GRPC_METHOD, method.method, `${at}/method`, 'a method is letters, digits and “_”', says)
    }
}

export function validateGatewayForms({ spec }: Gateway, says: Says): void {
  for (const [index, { name, hostname }] of spec.listeners.entries()) {
    hold(SECTION_NAME, name, `/spec/listeners/${index}/name`, 'a listener’s name is lower-case letters, digits and “-”, with single dots between', says)
    if (hostname !== undefined) validateHostname(hostname, `/spec/listeners/${index}/hostname`, says)
  }
}

const VISIBLE = 'a header’s value is visible ASCII, with single blanks or tabs between words'

function validateShared({ hostnames, rules }: Pick<HTTPRoute['spec'] | GRPCRoute['spec'], 'hostnames' | 'rules'>, says: Says): void {
  for (const [index, name] of hostnames.entries()) validateHostname(name, `/spec/hostnames/${index}`, says)
  for (const [rule, { filters, backendRefs }] of rules.entries()) {
    const places = [{ at: `/spec/rules/${rule}`, filters }, ...backendRefs.map((backend, index) => ({ at: `/spec/rules/${rule}/backendRefs/${index}`, filters: backend.filters }))]
    for (const { at, filters: edits } of places)
      for (const [index, filter] of edits.entries()) {
        if (filter.type === 'RequestHeaderModifier') validateEdit(filter.requestHeaderModifier, `${at}/filters/${index}/requestHeaderModifier`, says)
        if (filter.type === 'ResponseHeaderModifier') validateEdit(filter.responseHeaderModifier, `${at}/filters/${index}/responseHeaderModifier`, says)
      }
  }
}

function validateEdit(edit: HeaderEdit, at: string, says: Says): void {
  for (const list of ['set', 'add'] as const) for (const [index, { value }] of edit[list].entries()) hold(HEADER_VALUE, value, `${at}/${list}/${index}/value`, VISIBLE, says)
}

/** As sets: each once, and `*` alone. */
function validateCorsLists(cors: Cors, at: string, says: Says): void {
  for (const list of ['allowOrigins', 'allowMethods', 'allowHeaders', 'exposeHeaders'] as const) {
    eachRepeated<string>(cors[list], (item) => item, (index, item) => says.problem(`${at}/${list}/${index}`, 'repeated', `“${item}” is there twice`))
    const all = (cors[list] as string[]).indexOf('*')
    if (all >= 0 && cors[list].length > 1) says.problem(`${at}/${list}/${all}`, 'wrong_format', '“*” stands alone')
  }
}

function validateHostname(name: string, at: string, says: Says): void {
  hold(HOSTNAME, name, at, 'a host name has labels of at most 63 lower-case letters, digits and “-”, perhaps with a leading *.', says)
  hold(/[a-z]/, name, at, 'this is an address, and a host name is asked for', says)
}

function hold(form: RegExp, value: string, at: string, detail: string, says: Says): void {
  if (!form.test(value)) says.problem(at, 'wrong_format', detail)
}
