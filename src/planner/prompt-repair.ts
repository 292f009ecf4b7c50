// What is said after an answer that cannot run: what is wrong, where, and what would be legal. One line an issue, always of the
// same grammar: `- [code] /pointer (step "name"): message Legal here: "a", "b".`
import type { OfferedCapability } from '../contracts/capability.ts'
import type { Message } from '../contracts/model.ts'
import type { Issue } from '../contracts/plan.ts'
import { truncateText } from '../util/text.ts'
import { fenceStably, renderCatalog } from './prompt.ts'
import { REPAIR_ADDED, REPAIR_END, REPAIR_MISSING, REPAIR_NOTE } from './prompts/repair.ts'

const MAX_PREVIOUS_CHARS = 24_000
const MAX_ISSUES = 20
const MAX_MESSAGE_CHARS = 1_000
const MAX_NAME_CHARS = 200

export interface RepairPrompt {
  readonly previous: string
  readonly issues: readonly Issue[]
  /** Capabilities that were found since, looking for what an invented step tried to do. */
  readonly added: readonly OfferedCapability[]
}

/** The model's answer, and what it is told of it. */
export function renderRepair({ previous, issues, added }: RepairPrompt): Message[] {
  // What is legal was named by others: names and members of enums.
  const parts = [`${REPAIR_NOTE}\n${fenceStably('Issues', renderIssues(issues))}`]
  if (added.length > 0) parts.push(`${REPAIR_ADDED}\n${renderCatalog(added)}`)
  if (issues.some(({ code }) => code === 'missing_input')) parts.push(REPAIR_MISSING)
  parts.push(REPAIR_END)
  // An empty message is refused by some vendors.
  const answer = previous.trim() === '' ? '(no answer)' : truncateText(previous, MAX_PREVIOUS_CHARS)
  return [
    { role: 'assistant', content: answer },
    { role: 'user', content: parts.join('\n\n') },
  ]
}

/** Issues as lines; at most 20, the rest counted. */
function renderIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, MAX_ISSUES).map(renderIssue)
  if (issues.length > shown.length) shown.push(`- and ${issues.length - shown.length} more`)
  return shown.join('\n')
}

function renderIssue({ code, pointer, step, message, alternatives }: Issue): string {
  const place = pointer === '' ? 'the answer' : pointer
  const where = step === undefined ? place : `${place} (step ${JSON.stringify(step)})`
  const names = alternatives.filter(({ length }) => length <= MAX_NAME_CHARS).map((name) => JSON.stringify(name))
  const legal = names.length === 0 ? '' : ` Legal here: ${names.join(', ')}.`
  // Messages may quote what the model or a catalog wrote: one line each, so that none of it looks like another issue.
  const told = truncateText(message.replace(/\s+/g, ' ').trim(), MAX_MESSAGE_CHARS)
  return `- [${code}] ${where}: ${told}${legal}`
}
