// Skills of a card as capabilities: one message in, text, data and files out. What a skill says of itself is text for a planner,
// and widens nothing.
import type { Capability } from '../../contracts/capability.ts'
import type { JsonObject, JsonSchema, JsonValue } from '../../contracts/json.ts'
import type { SkippedEntry } from '../../contracts/parts.ts'
import type { A2aSpec } from '../../contracts/sources.ts'
import { isJsonObject } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'

const MAX_SKILLS = 1_000
const MAX_DESCRIPTION = 4_000
const MAX_EXAMPLES = 5
const MAX_EXAMPLE = 300
const MAX_TAGS = 20

const INPUT: JsonSchema = {
  type: 'object',
  properties: {
    message: {
      type: 'string',
      minLength: 1,
      description: 'What the agent is to do, in whole sentences with all that it must know.',
    },
    data: { type: 'object', description: 'Facts for it as JSON.' },
  },
  required: ['message'],
  additionalProperties: false,
}
const OUTPUT: JsonSchema = {
  type: 'object',
  properties: {
    text: { type: 'string', description: 'What the agent answered.' },
    data: { description: 'What it gave as JSON: a value, or a list of several.' },
    files: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          media_type: { type: 'string' },
          url: { type: 'string' },
          base64: { type: 'string' },
        },
      },
    },
  },
  required: ['text'],
}

/** A skill and the capability it became. */
export interface SkillCapability {
  readonly skillId: string
  readonly capability: Capability
}

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value.trim() : '')
const textsOf = (value: JsonValue | undefined): string[] =>
  value instanceof Array ? value.map(textOf).filter((text) => text !== '') : []

/** Letters, digits, `_`, `-` and `.`, at most 64: what every model's tool names allow, and no room for sentences. */
const safeName = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[_.-]+|[_.-]+$/g, '')
    .slice(0, 64)

function uniqueName(base: string, taken: ReadonlySet<string>): string {
  let name = base
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${base.slice(0, 60)}_${n}`
  return name
}

function describe(skill: JsonObject, agent: string): string {
  const title = textOf(skill['name'])
  const own = textOf(skill['description'])
  const base = [title === own ? '' : title, own].filter((text) => text !== '').join(': ') || agent
  const examples = textsOf(skill['examples'])
    .slice(0, MAX_EXAMPLES)
    .map((text) => `"${truncateText(text, MAX_EXAMPLE)}"`)
  const asked = examples.length === 0 ? '' : ` Asked like: ${examples.join(', ')}.`
  return truncateText(`${base}${asked}`, MAX_DESCRIPTION)
}

/** A card without skills is an agent that one can only talk to. */
const TALK: JsonObject = { id: 'message', name: 'message' }

export function readSkills(
  facts: JsonObject,
  overrides: NonNullable<A2aSpec['skills']>,
): { readonly skills: readonly SkillCapability[]; readonly skipped: readonly SkippedEntry[] } {
  const listed = facts['skills'] instanceof Array ? facts['skills'] : []
  const skills: SkillCapability[] = []
  const skipped: SkippedEntry[] = []
  const taken = new Set<string>()
  for (const [place, skill] of (listed.length === 0 ? [TALK] : listed).entries()) {
    const skillId = isJsonObject(skill) ? textOf(skill['id']) || textOf(skill['name']) : ''
    const base = safeName(skillId)
    if (!isJsonObject(skill) || base === '') {
      skipped.push({ name: `skill ${place}`, why: 'it has no usable id' })
      continue
    }
    if (skills.length >= MAX_SKILLS) {
      skipped.push({ name: skillId, why: `only ${MAX_SKILLS} skills of an agent are read` })
      break
    }
    const { hidden, ...declared } = Object.hasOwn(overrides, skillId) ? (overrides[skillId] ?? {}) : {}
    if (hidden === true) {
      skipped.push({ name: skillId, why: 'hidden by the configuration' })
      continue
    }
    const name = uniqueName(base, taken)
    taken.add(name.toLowerCase())
    skills.push({
      skillId,
      capability: { ...capabilityOf(name, skill, textOf(facts['description'])), ...given(declared) },
    })
  }
  return { skills, skipped }
}

function capabilityOf(name: string, skill: JsonObject, agent: string): Capability {
  const tags = textsOf(skill['tags']).slice(0, MAX_TAGS)
  return {
    name,
    description: describe(skill, agent),
    inputSchema: INPUT,
    outputSchema: OUTPUT,
    effect: 'unknown',
    ...(tags.length > 0 && { tags }),
  }
}

/** What the configuration declares, without what it leaves open. */
const given = (declared: object): Partial<Capability> =>
  Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== undefined))
