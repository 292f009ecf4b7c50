import { describe, expect, it } from 'vitest'
import { oneLine } from '../../src/cli/render/text.ts'

describe('oneLine', () => {
  it('keeps the excerpt of a message and leaves out the caret, which would point at nothing', () => {
    expect(oneLine('There is no "error.cod".\n  a && error.cod == 1\n       ^')).toBe(
      'There is no "error.cod". In: a && error.cod == 1',
    )
    expect(oneLine('2 ^ 3 is\nno power')).toBe('2 ^ 3 is no power')
  })
})
