import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { REFERENCES } from '../../scripts/write-reference.ts'

describe('the reference', () => {
  it.each(REFERENCES)('%s is what the source says', (path, write) => {
    expect(readFileSync(path, 'utf8')).toBe(write())
  })
})
