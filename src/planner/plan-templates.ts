// Plans for requests of one form: "weather in Seoul" and "weather in Lima" differ in one word, and so do their plans. What a
// template gives is validated like any plan.
import { LRUCache } from 'lru-cache'
import type { JsonValue } from '../contracts/json.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import { canonicalJson } from '../util/canonical-json.ts'
import { makeTemplate } from './plan-templates/make-template.ts'
import { readWords, type Word } from './plan-templates/request-shape.ts'
import { fillTemplate, mapLeaves, matchRequest, type Template } from './plan-templates/template.ts'

export interface PlanTemplates {
  /** The plan of a request of the same form with this one's values; undefined: none is known, or not yet sure. */
  find(key: string, request: string): { readonly document: PlanDocument; readonly storedAt: number } | undefined
  /** A plan that served its request. `key`: everything but the request that the plan depends on. */
  learn(key: string, request: string, document: PlanDocument, view: CatalogView): void
  /** The plan of this request did not serve it: the form is not trusted for as long as a plan is kept. */
  evict(key: string, request: string): void
  readonly size: number
}

export interface PlanTemplatesParts {
  readonly max: number
  readonly now: () => number
  /** Whether what was stored then is within its time; what is not, the next plan of its form renews. */
  readonly isFresh: (storedAt: number) => boolean
}

/** Forms of one key that begin with the same word. */
const MAX_PER_WORD = 20

export function createPlanTemplates({ max, now, isFresh }: PlanTemplatesParts): PlanTemplates {
  const byStart = new LRUCache<string, Template[]>({ max })
  const startOf = (key: string, text = ''): string => `${key} ${text.toLowerCase()}`
  const matching = function* (key: string, words: readonly Word[]): Generator<[Template, string[]]> {
    // A form may begin with a place; then nothing is fixed at its start.
    for (const start of [startOf(key, words[0]?.text), startOf(key)])
      for (const template of byStart.get(start) ?? []) {
        if (template.state === 'refuted' && !isFresh(template.storedAt)) continue
        const values = matchRequest(template.pieces, words)
        if (values !== undefined) yield [template, values]
      }
  }
  return {
    find(key, request) {
      const words = readWords(request)
      if (words === undefined) return undefined
      for (const [template, values] of matching(key, words)) {
        const document = template.state === 'ready' ? fillTemplate(template, values) : undefined
        if (document !== undefined) return { document, storedAt: template.storedAt }
      }
      return undefined
    },
    learn(key, request, document, view) {
      const words = readWords(request)
      if (words === undefined || document.steps.length === 0) return
      let isKnown = false
      for (const [template, values] of matching(key, words)) {
        isKnown = true
        confirm(template, values, document)
        if (!isFresh(template.storedAt)) template.storedAt = now()
      }
      const made = isKnown ? undefined : makeTemplate(words, { document, view, storedAt: now() })
      if (made === undefined) return
      const [first] = made.pieces
      const start = startOf(key, first !== undefined && 'text' in first ? first.text : '')
      byStart.set(start, [made, ...(byStart.get(start) ?? [])].slice(0, MAX_PER_WORD))
    },
    evict(key, request) {
      const words = readWords(request)
      if (words === undefined) return
      for (const [template] of matching(key, words)) {
        template.state = 'refuted'
        template.storedAt = now()
      }
    },
    get size() {
      return byStart.size
    },
  }
}

/** A second plan of the same form: the same but for its values, or the form says too little. */
function confirm(template: Template, values: readonly string[], document: PlanDocument): void {
  if (template.state === 'refuted') return
  const expected = fillTemplate(template, values)
  const isSame = expected !== undefined && canonicalJson(contentOf(expected)) === canonicalJson(contentOf(document))
  if (!isSame) template.state = 'refuted'
  else if (values.every((value, i) => value !== template.values[i])) template.state = 'ready'
}

/** Names and remarks may differ; references follow the names. */
function contentOf({ steps }: PlanDocument): unknown {
  const places = new Map(steps.map(({ name }, i) => [name, i]))
  const rename = (value: JsonValue): JsonValue =>
    mapLeaves(value, (leaf) =>
      typeof leaf === 'string' && leaf.includes('${')
        ? leaf.replace(/\bsteps\.([A-Za-z0-9_-]+)/g, (all, name: string) => {
            const place = places.get(name)
            return place === undefined ? all : `steps.${place}`
          })
        : leaf,
    )
  return steps.map(({ component, action, capability, type, inputs, dependsOn }) => ({
    component,
    action,
    capability,
    type,
    inputs: inputs === undefined ? null : rename(inputs),
    dependsOn: dependsOn.map((name) => places.get(name) ?? name).sort(),
  }))
}
