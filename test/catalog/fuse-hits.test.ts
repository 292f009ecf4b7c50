import { describe, expect, it } from 'vitest'
import { fuseHits, type HitsToFuse } from '../../src/catalog/fuse-hits.ts'
import { documentId } from '../../src/catalog/search-document.ts'

const key = (component: string) => ({ id: documentId(component, 'do'), component, name: 'do' })
const ranked = (...entries: readonly (readonly [string, number])[]) =>
  entries.map(([component, score]) => ({ key: key(component), score, why: () => 'its words' }))
const fuse = (more: Partial<HitsToFuse>) => fuseHits({ ranked: [], learnt: [], rankings: [], limit: 10, ...more })

describe('one order of several', () => {
  it('is that of the index when there is no other', () => {
    const hits = fuse({ ranked: ranked(['a', 0.9], ['b', 0.5]) })
    expect(hits.map(({ component, score, why }) => [component, score, why()])).toEqual([
      ['a', 0.9, 'its words'],
      ['b', 0.5, 'its words'],
    ])
  })

  it('lets a view bring what the index has not found, and lift what both have', () => {
    const rankings = [{ name: 'embeddings', keys: [key('c'), key('b')] }]
    const hits = fuse({ ranked: ranked(['a', 0.9], ['b', 0.6]), rankings })
    expect(hits.map(({ component }) => component)).toEqual(['b', 'c', 'a'])
    expect(hits[0]?.why()).toBe('its words; number 2 by embeddings')
    expect(hits.every(({ score }) => score >= 0 && score <= 1)).toBe(true)
  })

  it('lets what was learnt weigh less than words that fit', () => {
    const learnt = [{ component: 'z', action: 'do', score: 0.25 }]
    const hits = fuse({ ranked: ranked(['a', 0.9]), learnt })
    expect(hits.map(({ component }) => component)).toEqual(['a', 'z'])
    expect(hits[1]?.why()).toBe('it served such requests')
  })

  it('breaks ties by id, and ends at the limit', () => {
    const hits = fuse({ ranked: ranked(['b', 0.5], ['a', 0.5], ['c', 0.5]), limit: 2 })
    expect(hits.map(({ component }) => component)).toEqual(['a', 'b'])
  })
})
