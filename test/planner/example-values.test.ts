import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hideValues } from '../../src/planner/example-values.ts'

describe('hideValues', () => {
  it('leaves out names, codes, quotations and long numbers, in the request and in the plan', () => {
    const request = 'Send "see you" from New York to Lima for order A-17 of QXABCDEF, account 12345678, twice in USD'
    const plan = {
      steps: [
        {
          name: 'send',
          inputs: {
            text: 'see you',
            from: 'New York',
            to: ['Lima', 'Yorkshire'],
            order: 'A-17',
            tag: 'QXABCDEF-send',
            account: '12345678',
            times: 2,
            currency: 'USD',
            id: '${steps.Lima.output.id} in Lima',
          },
        },
      ],
    }
    expect(hideValues(request, plan)).toEqual({
      request:
        'Send "<text>" from <name> to <name 3> for order <code> of <name 4>, account <number>, twice in <name 5>',
      plan: {
        steps: [
          {
            name: 'send',
            inputs: {
              text: '<text>',
              from: '<name>',
              to: ['<name 3>', 'Yorkshire'],
              order: '<code>',
              tag: '<name 4>-send',
              account: '<number>',
              times: 2,
              currency: '<name 5>',
              id: '${steps.Lima.output.id} in <name 3>',
            },
          },
        ],
      },
    })
  })

  it('keeps words and counts, which are the form', () => {
    const request = 'find three cheap hotels, at most 200 a night'
    expect(hideValues(request, { steps: [{ name: 'a', inputs: { max: 200 } }] })?.request).toBe(request)
  })

  it('hides a name at the beginning of a sentence when the plan has it too', () => {
    const hidden = hideValues('Seoul weather please', { steps: [{ name: 'a', inputs: { city: 'Seoul' } }] })
    expect(hidden?.request).toBe('<name> weather please')
    expect(hideValues('Weather please', { steps: [] })?.request).toBe('Weather please')
  })

  it('leaves no code of the request in what is shown', () => {
    const code = fc.stringMatching(/^[A-Z]{2}[0-9]{3,6}$/)
    fc.assert(
      fc.property(code, fc.constantFrom(' ', ' and (', '"', ': '), (secret, before) => {
        const hidden = hideValues(`do it for${before}${secret}${before === '"' ? '"' : ''}`, {
          steps: [{ name: 'a', inputs: { q: `q ${secret}`, list: [secret] } }],
        })
        expect(JSON.stringify(hidden)).not.toContain(secret)
      }),
    )
  })
})
