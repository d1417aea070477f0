// A person at the console: a page of their own in the browser of their role, whose console must stay silent.
import AxeBuilder from '@axe-core/playwright'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { meshOf } from '../server/testing/mesh.ts'

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const PLACES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

/** Violations alone, and in one page: no page here has frames. A third of what axe takes otherwise. */
const AXE = { resultTypes: ['violations' as const], preload: false }

export const heddle = inject('heddle')
export const mesh = meshOf(heddle)

let browser: Promise<Browser> | undefined
/** The browser of a role is signed in once, and keeps its cookie and what it has loaded; the console keeps nothing else in it. */
const signedIn = new Map<Role, Promise<BrowserContext>>()

async function openBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => place && existsSync(place))
  if (!executablePath) throw new Error('no Chromium: install one, or name it in CHROMIUM_PATH')
  browser ??= chromium.launch({ executablePath, args: ARGS, headless: true })
  return browser
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
  signedIn.clear()
}

export interface Person extends AsyncDisposable {
  page: Page
  /** Opens a path and waits for its heading. */
  open(path: string, heading: string | RegExp): Promise<void>
  /** Fails on what axe calls serious or critical on the page as it is; `rules` looks for these alone. */
  isAccessible(rules?: string[]): Promise<void>
  /** Everything that the browser's console called an error. */
  errors: string[]
}

type Role = 'viewer' | 'operator' | 'admin'

export interface PersonOptions {
  /** Null is somebody who has not signed in. */
  role?: Role | null
  theme?: 'light' | 'dark'
  size?: { width: number; height: number }
  /** Errors that the story causes on purpose, such as the 409 of a conflict. */
  expects?: RegExp
}

/** A person of a role, in a page of their own. The first of a role signs in by a one-time link, as `heddle sign-in` prints it. */
export async function person(options: PersonOptions = {}): Promise<Person> {
  const { role = 'admin', theme = 'light', size = { width: 1440, height: 900 }, expects } = options
  const context = await (role === null ? newContext() : browserOf(role))
  const page = await context.newPage()
  await page.setViewportSize(size)
  await page.emulateMedia({ colorScheme: theme })
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !expects?.test(message.text())) errors.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`))
  return {
    page,
    errors,
    async open(path, heading) {
      await page.goto(new URL(path, heddle.url).href)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    },
    async isAccessible(rules) {
      const axe = new AxeBuilder({ page }).setLegacyMode(true).options(AXE)
      const { violations } = await (rules ? axe.withRules(rules) : axe).analyze()
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(grave.map(({ id, nodes }) => `${page.url()} ${id}: ${nodes.map(({ html }) => html).join(' | ').slice(0, 600)}`)).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      await (role === null ? context : page).close()
      expect(errors).toEqual([])
    },
  }
}

async function newContext(): Promise<BrowserContext> {
  const context = await (await openBrowser()).newContext({ reducedMotion: 'reduce', timezoneId: 'Asia/Kathmandu' })
  context.setDefaultTimeout(30_000)
  return context
}

function browserOf(role: Role): Promise<BrowserContext> {
  const context = signedIn.get(role) ?? signIn(role)
  signedIn.set(role, context)
  return context
}

async function signIn(role: Role): Promise<BrowserContext> {
  const context = await newContext()
  const page = await context.newPage()
  await page.goto(await signInLink(role))
  await page.getByRole('button', { name: 'Sign in with this link' }).click()
  await page.getByRole('button', { name: 'Later' }).click() // of a password
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.close()
  return context
}

/** `heddle sign-in --email …`: what an administrator hands to a colleague, who is let in first. */
export async function signInLink(role: Role): Promise<string> {
  const email = `${role}@example.com`
  const added = await mesh.request('POST', '/users', { email, role })
  if (added.status !== 201 && added.status !== 200 && added.status !== 409) throw new Error(`POST /users answered ${added.status}: ${JSON.stringify(added.body)}`)
  const { stdout } = await heddleCli('sign-in', '--email', email)
  const link = /https?:\/\/\S+/.exec(stdout)?.[0]
  if (!link) throw new Error(`heddle sign-in printed no link: ${stdout}`)
  return link
}

export function heddleCli(...args: string[]) {
  return promisify(execFile)(process.execPath, ['server/cli/heddle.mjs', ...args], { env: { ...process.env, ...heddle.env } })
}

/** A node of the graph by the agent's name. */
export function nodeOf({ page }: Person, name: string) {
  return page.locator('[data-health]').filter({ has: page.getByText(name, { exact: true }) }).first()
}
