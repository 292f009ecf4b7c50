import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createInstancePicker } from '../../src/catalog/pick-instance.ts'
import type { Instance } from '../../src/contracts/capability.ts'
import { instance } from './fakes.ts'

const anyInstances = fc.uniqueArray(
  fc.record<Instance>({
    id: fc.stringMatching(/^[a-f]$/),
    health: fc.constantFrom('healthy' as const, 'unhealthy' as const, 'unknown' as const),
  }),
  { selector: ({ id }) => id, minLength: 1 },
)
const anyAvoided = fc.array(fc.stringMatching(/^[a-f]$/)).map((ids) => new Set(ids))
const anyBusy = fc.array(fc.nat({ max: 5 }), { maxLength: 30 })

describe('picking an instance (B56)', () => {
  it('never gives an avoided or unhealthy one while a healthy other exists, and always gives one', () => {
    fc.assert(
      fc.property(anyInstances, anyAvoided, anyBusy, (instances, avoid, busy) => {
        const picker = createInstancePicker()
        for (const i of busy) picker.busy(instances[i % instances.length] as Instance)
        const picked = picker.pick(instances, { avoid })
        expect(picked).toBeDefined()
        const wanted = instances.filter(({ id, health }) => health === 'healthy' && !avoid.has(id))
        if (wanted.length > 0) expect(wanted).toContain(picked)
        const usable = instances.filter(({ health }) => health !== 'unhealthy')
        if (usable.length > 0) expect(usable).toContain(picked)
      }),
    )
  })

  it('takes turns among equals', () => {
    const picker = createInstancePicker()
    const instances = ['a', 'b', 'c'].map((id) => instance(id))
    const picked = Array.from({ length: 6 }, () => picker.pick(instances)?.id)
    expect(picked).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  })

  it('gives the least busy, and counts an end once', () => {
    const picker = createInstancePicker()
    const [a, b] = [instance('a'), instance('b')]
    const endOfA = picker.busy(a)
    const endOfB = picker.busy(b)
    const otherEndOfB = picker.busy(b)
    expect(picker.pick([a, b])).toBe(a)
    endOfB()
    endOfB()
    expect(picker.pick([a, b])).toBe(b)
    expect(picker.pick([a, b])).toBe(a)
    otherEndOfB()
    expect([picker.pick([a, b]), picker.pick([a, b])]).toEqual([b, b])
    endOfA()
    expect(picker.pick([a, b])).toBe(a)
  })

  it('prefers healthy to unknown, unknown to avoided, and an unhealthy one to none', () => {
    const picker = createInstancePicker()
    const [well, unsure, ill] = [instance('well'), instance('unsure', 'unknown'), instance('ill', 'unhealthy')]
    expect(picker.pick([ill, unsure, well])).toBe(well)
    expect(picker.pick([ill, unsure, well], { avoid: new Set(['well']) })).toBe(unsure)
    expect(picker.pick([ill, well], { avoid: new Set(['well']) })).toBe(well)
    expect(picker.pick([ill])).toBe(ill)
    expect(picker.pick([])).toBeUndefined()
  })

  it('still knows a busy instance that left the list, and forgets an idle one', () => {
    const picker = createInstancePicker()
    const [a, b] = [instance('a'), instance('b')]
    const end = picker.busy(a)
    picker.keepOnly(new Set())
    expect(picker.pick([a, b])).toBe(b)
    end()
    picker.keepOnly(new Set())
    expect(picker.pick([a, b])).toBe(a)
  })

  const recovering = (share: number) => ({
    conditionOf: ({ id }: Instance) => ({ share: id === 'weak' ? share : 1, hasJustFailed: false }),
  })

  it.each([
    [2, 0.1, 11],
    [2, 0.5, 3],
    [4, 0.1, 31],
  ])('gives one of %i that takes %d of its traffic one call in %i', (n, share, period) => {
    const picker = createInstancePicker()
    const instances = ['weak', ...Array.from({ length: n - 1 }, (_, i) => `well-${i}`)].map((id) => instance(id))
    const picked = Array.from({ length: period * 6 }, () => picker.pick(instances, recovering(share))?.id)
    expect(picked.filter((id) => id === 'weak')).toHaveLength(6)
    expect(picked.slice(0, period)).toContain('weak')
  })

  it('counts a call to a recovering one as many: a burst does not fall upon it', () => {
    const picker = createInstancePicker()
    const instances = [instance('weak'), instance('well')]
    const picked = Array.from({ length: 40 }, () => {
      const one = picker.pick(instances, recovering(0.1)) as Instance
      picker.busy(one)
      return one.id
    })
    expect(picked.filter((id) => id === 'weak').length).toBeLessThanOrEqual(4)
  })

  it('takes what just failed after all others, an unhealthy one before what lets nothing through, and that before none', () => {
    const picker = createInstancePicker()
    const [well, shaky, ill, shut] = [
      instance('well'),
      instance('shaky'),
      instance('ill', 'unhealthy'),
      instance('shut'),
    ]
    const options = {
      conditionOf: ({ id }: Instance) => ({ share: id === 'shut' ? 0 : 1, hasJustFailed: id === 'shaky' }),
    }
    expect(picker.pick([shut, ill, shaky, well], options)).toBe(well)
    expect(picker.pick([shut, ill, shaky], options)).toBe(shaky)
    expect(picker.pick([shaky, well], { ...options, avoid: new Set(['well']) })).toBe(shaky)
    expect(picker.pick([shut, ill], options)).toBe(ill)
    expect(picker.pick([shut], options)).toBe(shut)
  })
})
