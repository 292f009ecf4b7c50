import { describe, expect, it } from 'vitest'
import { lineWidth } from '../../src/cli/terminal.ts'

describe('lineWidth', () => {
  it.each([
    [80, 79],
    [10, 20],
    [0, 99],
    [undefined, 99],
  ])('of a terminal with %s columns is %i', (columns, width) => {
    expect(lineWidth({ write: () => true, ...(columns !== undefined && { columns }) })).toBe(width)
  })
})
