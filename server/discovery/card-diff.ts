// What is different between two cards, in sentences, and which of it breaks a caller that relied on the older one.
import type { AgentCard } from './card.ts'

export interface CardChange {
  what: string
  breaking: boolean
}

export function diffCards(before: AgentCard, after: AgentCard): CardChange[] {
  return [
    ...changed('the description', before.description, after.description),
    ...changed('the version', before.version, after.version),
    ...diffInterfaces(before, after),
    ...flag('streaming', before.streaming, after.streaming),
    ...flag('push notifications', before.pushNotifications, after.pushNotifications),
    ...after.security.filter((name) => !before.security.includes(name)).map((name) => ({ what: `callers must now bring “${name}”`, breaking: true })),
    ...before.security.filter((name) => !after.security.includes(name)).map((name) => ({ what: `“${name}” is no longer asked for`, breaking: false })),
    ...diffSkills(before, after),
  ]
}

function changed(what: string, before: string, after: string): CardChange[] {
  return before === after ? [] : [{ what: `${what} is another`, breaking: false }]
}

function flag(what: string, before: boolean, after: boolean): CardChange[] {
  if (before === after) return []
  return [{ what: after ? `${what} are offered now` : `${what} are no longer offered`, breaking: before }]
}

function diffInterfaces(before: AgentCard, after: AgentCard): CardChange[] {
  const nameOf = (one: AgentCard['interfaces'][number]) => `${one.binding} ${one.protocolVersion} at ${one.url}`
  const [old, now] = [new Set(before.interfaces.map(nameOf)), new Set(after.interfaces.map(nameOf))]
  return [
    ...[...old].filter((name) => !now.has(name)).map((name) => ({ what: `no longer answers ${name}`, breaking: true })),
    ...[...now].filter((name) => !old.has(name)).map((name) => ({ what: `now answers ${name}`, breaking: false })),
  ]
}

function diffSkills(before: AgentCard, after: AgentCard): CardChange[] {
  const now = new Map(after.capabilities.map((skill) => [skill.id, skill]))
  const old = new Map(before.capabilities.map((skill) => [skill.id, skill]))
  const gone = before.capabilities.filter(({ id }) => !now.has(id)).map(({ id }) => ({ what: `the skill “${id}” is gone`, breaking: true }))
  const added = after.capabilities.filter(({ id }) => !old.has(id)).map(({ id }) => ({ what: `the skill “${id}” is new`, breaking: false }))
  const kept = before.capabilities.flatMap((skill) => {
    const next = now.get(skill.id)
    if (!next) return []
    const lost = (list: readonly string[], other: readonly string[]) => list.filter((one) => !other.includes(one))
    return [
      ...lost(skill.inputModes, next.inputModes).map((mode) => ({ what: `“${skill.id}” no longer takes ${mode}`, breaking: true })),
      ...lost(skill.outputModes, next.outputModes).map((mode) => ({ what: `“${skill.id}” no longer answers in ${mode}`, breaking: true })),
      ...(skill.description !== next.description || skill.name !== next.name || skill.examples.join('\n') !== next.examples.join('\n') || skill.tags.join() !== next.tags.join() ? [{ what: `“${skill.id}” is described in another way`, breaking: false }] : []),
    ]
  })
  return [...gone, ...added, ...kept]
}
