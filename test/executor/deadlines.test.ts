import { describe, expect, it } from 'vitest'
import { Deadlines } from '../../src/executor/deadlines.ts'
import { createManualClock } from '../support/manual-clock.ts'

function setup() {
  const clock = createManualClock()
  const begun = clock.now()
  const deadlines = new Deadlines(clock)
  const ended: [string, number][] = []
  const add = (name: string, durationMs: number) =>
    deadlines.add(durationMs, clock.now(), () => ended.push([name, clock.now() - begun]))
  return { clock, deadlines, ended, add }
}

describe('Deadlines', () => {
  it('end each at its own time, also those of one length that began later', async () => {
    const { clock, ended, add } = setup()
    add('a', 100)
    await clock.advance(30)
    add('b', 100)
    add('short', 20)
    await clock.advance(500)
    expect(ended).toEqual([
      ['short', 50],
      ['a', 100],
      ['b', 130],
    ])
  })

  it('do not end what was removed, wherever it stood', async () => {
    const { clock, deadlines, ended, add } = setup()
    const [first, , middle, , last] = ['a', 'b', 'c', 'd', 'e'].map((name) => add(name, 100))
    for (const deadline of [middle, first, last, middle]) if (deadline !== undefined) deadlines.remove(deadline)
    add('f', 100)
    await clock.advance(500)
    expect(ended.map(([name]) => name)).toEqual(['b', 'd', 'f'])
  })

  it('may add and remove while one of them ends', async () => {
    const { clock, deadlines, ended, add } = setup()
    deadlines.add(100, clock.now(), () => {
      deadlines.remove(next)
      add('later', 100)
    })
    const next = add('next', 100)
    await clock.advance(500)
    expect(ended).toEqual([['later', 200]])
  })

  it('end on time though another begins at the moment when one ends', async () => {
    const { clock, deadlines, ended, add } = setup()
    deadlines.add(100, clock.now(), () => add('later', 100))
    await clock.advance(30)
    add('second', 100)
    await clock.advance(500)
    expect(ended).toEqual([
      ['second', 130],
      ['later', 200],
    ])
  })

  it('end no more of the same moment once one of them has closed them', async () => {
    const { clock, deadlines, ended, add } = setup()
    deadlines.add(100, clock.now(), () => deadlines.close())
    add('same', 100)
    await clock.advance(500)
    expect(ended).toEqual([])
  })

  it('leave the clock alone once they are closed', async () => {
    const { clock, deadlines, ended, add } = setup()
    add('a', 100)
    deadlines.close()
    await clock.advance(500)
    expect(ended).toEqual([])
  })
})
