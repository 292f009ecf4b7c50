import { describe, expect, it } from 'vitest'
import { checkOptions } from '../../src/config/check-options.ts'

describe('checkOptions', () => {
  it.each([
    [{ tool: [] }, 'Unknown setting "tool". Did you mean "tools"?'],
    [{ onevent: () => undefined }, 'Unknown setting "onevent". Did you mean "onEvent"?'],
    [{ onnotice: () => undefined }, 'Unknown setting "onnotice". Did you mean "onNotice"?'],
    [{ executer: {} }, 'Unknown setting "executer". Did you mean "executor"?'],
    [{ modle: 'openai:x' }, 'Unknown setting "modle". Did you mean "model"?'],
  ])('names the option or the setting that was probably meant: %j', (options, message) => {
    expect(() => checkOptions(options)).toThrow(message)
  })

  it('leaves settings and options that exist alone', () => {
    expect(() => checkOptions({ model: 'openai:x', tools: [], profile: 'testing', executor: {} })).not.toThrow()
  })
})
