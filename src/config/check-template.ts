// The operator's own text for planning: a placeholder that nothing fills would reach the model as it stands.
import type { Config } from '../contracts/config.ts'
import type { PolicyFault } from '../plan/policy.ts'
import { didYouMean } from '../util/text.ts'

const PLACEHOLDER = /\{\{\s*([\w.-]+)\s*\}\}/g
const KNOWN = ['rules']

/** Placeholders other than `{{rules}}`, each once. */
export function checkTemplate({ template = '' }: Config['planner']): PolicyFault[] {
  const names = new Set([...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name))
  return [...names]
    .filter((name) => !KNOWN.includes(name))
    .map((name) => ({
      path: ['planner', 'template'],
      message: `holds "{{${name}}}", which nothing fills.${didYouMean(name, KNOWN)} Only "{{rules}}" is filled, with the standard rules.`,
    }))
}
