import { ALNUM, classOf, DIGIT, endOfRun, hasAny, WORD } from './bytes.ts'
import type { Finder } from './finder.ts'

/** What the makers of keys put in front, and the fewest characters that follow. Their own secret scanners know them by these. */
const PREFIXES: Record<string, number> = {
  'sk-': 20, // OpenAI, Anthropic, DeepSeek, OpenRouter
  sk_live_: 16, sk_test_: 16, rk_live_: 16, rk_test_: 16, whsec_: 24, // Stripe
  AKIA: 16, ASIA: 16, // AWS
  AIza: 30, 'GOCSPX-': 20, 'ya29.': 20, // Google
  ghp_: 30, gho_: 30, ghu_: 30, ghs_: 30, ghr_: 30, github_pat_: 30,
  'glpat-': 20, // GitLab
  'xoxb-': 20, 'xoxp-': 20, 'xoxa-': 20, 'xoxr-': 20, 'xoxs-': 20, 'xapp-': 20, // Slack
  hf_: 30, // Hugging Face
  npm_: 30, 'pypi-': 40, dckr_pat_: 20,
  'SG.': 40, // SendGrid
  dop_v1_: 32, shpat_: 30, shpss_: 30, gsk_: 30, r8_: 30, 'xai-': 30, 'pplx-': 30, dapi: 32, lin_api_: 30, ntn_: 30, sbp_: 30, 'NRAK-': 24, 'hvs.': 24, 'tvly-': 20,
  'AGE-SECRET-KEY-1': 50,
  hdl_: 30, // our own
}

const WITH_DOTS = classOf('A-Za-z0-9_.-')
const DOTTED = new Set(['SG.', 'ya29.', 'hvs.'])

/** A key has a digit among its first characters, which keeps `sk-learn-…` and the like. */
const DIGIT_WITHIN = 64

export const API_KEYS: readonly Finder[] = Object.entries(PREFIXES).map(([prefix, more]) => ({
  rule: 'apiKeys',
  texts: [prefix],
  find(bytes, at, from, to) {
    if (at > from && ALNUM[bytes[at - 1]!] === 1) return null // behind `from`: there is one
    const body = at + prefix.length
    const of = DOTTED.has(prefix) ? WITH_DOTS : WORD
    const head = endOfRun(bytes, body, Math.min(to, body + DIGIT_WITHIN), of)
    return head - body >= more && hasAny(bytes, body, head, DIGIT) ? { from: at, to: endOfRun(bytes, head, to, of) } : null
  },
}))
