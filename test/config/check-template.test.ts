import { describe, expect, it } from 'vitest'
import { checkTemplate } from '../../src/config/check-template.ts'
import { resolveOptions } from '../../src/config/resolve-options.ts'
import { configSchema } from '../../src/contracts/config.ts'

const faultsOf = (template: string): string[] =>
  checkTemplate(configSchema.parse({ planner: { template } }).planner).map(({ message }) => message)

describe("the operator's own text for planning", () => {
  it('may hold the rules anywhere, and braces that are no placeholder', () => {
    for (const text of ['{{rules}}', 'A\n{{ rules }}\nB', 'none', '{{ "a": {"b": 1} }}', '{x} {{}} ${y}'])
      expect(faultsOf(text)).toEqual([])
  })

  it('is refused with a placeholder that nothing fills, each named once', () => {
    const faults = faultsOf('{{rule}} {{ catalog }} {{rule}} {{rules}}')
    expect(faults).toHaveLength(2)
    expect(faults[0]).toBe(
      'holds "{{rule}}", which nothing fills. Did you mean "rules"? Only "{{rules}}" is filled, with the standard rules.',
    )
    expect(() => resolveOptions({ planner: { template: '{{catalog}}' } })).toThrow(/planner\.template/)
  })
})
