import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { InvokerResult } from '../../src/contracts/parts.ts'
import { readOutcome, speaksOfInputs } from '../../src/executor/outcome.ts'

const NOW = Date.UTC(2026, 0, 1)
const read = (body: InvokerResult['body'], status?: number, headers: Record<string, string> = {}) =>
  readOutcome({ body, headers, ...(status !== undefined && { status }) }, 'tool/go', NOW)
const errorOf = (body: InvokerResult['body'], status?: number, headers: Record<string, string> = {}): TuttiError => {
  try {
    read(body, status, headers)
  } catch (error) {
    if (error instanceof TuttiError) return error
  }
  throw new Error('it was no failure')
}
const envelope = (error: Record<string, unknown>) => ({ success: false, error }) as InvokerResult['body']

describe('readOutcome', () => {
  it('unwraps the envelope and keeps the whole answer beside it', () => {
    const body = { success: true, data: { lat: 1 }, took: 3 }
    expect(read(body, 200)).toEqual({ output: { lat: 1 }, response: body })
  })

  it('unwraps data that is null, 0, false or empty text (B27)', () => {
    for (const data of [null, 0, false, '']) expect(read({ success: true, data }, 200).output).toBe(data)
  })

  it('takes 201, 202 and 204 as successes (B44)', () => {
    for (const status of [201, 202, 204]) expect(read(null, status).output).toBeNull()
  })

  it('takes lists, scalars and empty bodies as outputs (B35)', () => {
    for (const body of [[1, 2], 'text', 7, 0, false, '', null, 12345678901234567890n]) {
      expect(read(body, 200)).toEqual({ output: body, response: body })
    }
  })

  it('leaves an object without a boolean success alone', () => {
    const body = { success: 'yes', data: 1 }
    expect(read(body, 200).output).toBe(body)
  })

  it('takes success:false with HTTP 200 as a failure (B43)', () => {
    const error = errorOf(envelope({ code: 'NOPE', message: 'it did not work', retryable: false }), 200)
    expect(error).toMatchObject({ code: 'component_failed', retryable: false })
    expect(error.message).toContain('it did not work')
    expect(error.details).toMatchObject({ status: 200, component_code: 'NOPE', component_retryable: false })
  })

  it.each([
    [400, 'component_rejected', false],
    [401, 'component_unauthorized', false],
    [403, 'component_unauthorized', false],
    [404, 'component_rejected', false],
    [405, 'component_rejected', false],
    [408, 'component_timeout', true],
    [409, 'component_rejected', false],
    [422, 'component_rejected', false],
    [429, 'component_rate_limited', true],
    [500, 'component_failed', true],
    [503, 'component_failed', true],
  ] as const)('classifies HTTP %i as %s', (status, code, retryable) => {
    expect(errorOf({ error: 'no' }, status)).toMatchObject({ code, retryable })
  })

  it('takes a missing "retryable" as unknown: a 503 is transient (B45)', () => {
    expect(errorOf({ error: { code: 'BUSY', message: 'busy' } }, 503)).toMatchObject({
      code: 'component_failed',
      retryable: true,
    })
  })

  it('overrules "retryable: false" of a transient 503 (B48)', () => {
    const error = errorOf(envelope({ code: 'X', message: 'overloaded', retryable: false }), 503)
    expect(error.retryable).toBe(true)
    expect(error.details['component_retryable']).toBe(false)
  })

  it('sees inputs behind a 503 by code, category or details (B48)', () => {
    for (const fields of [
      { code: 'LOCATION_NOT_FOUND' },
      { category: 'INPUT_ERROR' },
      { category: 'NOT_FOUND' },
      { code: 'INVALID_AMOUNT', category: 'SERVICE_ERROR' },
      { details: { original_location: 'Flower Mound, TX' } },
    ]) {
      const error = errorOf(envelope({ message: 'no such place', ...fields }), 503)
      expect(error).toMatchObject({ code: 'component_rejected', retryable: false })
      expect(speaksOfInputs(error)).toBe(true)
    }
  })

  it('repeats a busy service first, and looks at the inputs it names afterwards', () => {
    const error = errorOf(
      envelope({ message: 'upstream', category: 'SERVICE_ERROR', details: { hint: 'check the city' } }),
      503,
    )
    expect(error.retryable).toBe(true)
    expect(speaksOfInputs(error)).toBe(true)
  })

  it('never blames the inputs for refused credentials or methods (B47)', () => {
    for (const status of [401, 403, 405]) {
      const error = errorOf(
        envelope({ category: 'INPUT_ERROR', code: 'INVALID', message: 'x', details: { field: 'q' } }),
        status,
      )
      expect(speaksOfInputs(error)).toBe(false)
    }
  })

  it.each([
    [
      'an AUTH_ERROR behind HTTP 200',
      envelope({ category: 'AUTH_ERROR', code: 'API_KEY_INVALID', message: 'x', retryable: true }),
      200,
    ],
    [
      'an AUTH_ERROR behind HTTP 400',
      envelope({ category: 'AUTH_ERROR', code: 'X', message: 'x', details: { hint: 'key' } }),
      400,
    ],
    ['a code that speaks of the key', envelope({ code: 'INVALID_API_KEY', message: 'x' }), 503],
  ] as const)('takes %s for refused credentials: no repetition, no model call (B47)', (_, body, status) => {
    const error = errorOf(body, status)
    expect(error).toMatchObject({ code: 'component_unauthorized', retryable: false })
    expect(speaksOfInputs(error)).toBe(false)
  })

  it.each([
    ['the header in seconds', { error: 'slow' }, { 'retry-after': '5' }, 5_000],
    ['the header as a date', { error: 'slow' }, { 'retry-after': new Date(NOW + 2_000).toUTCString() }, 2_000],
    ['details.retry_after as a duration', envelope({ message: 'x', details: { retry_after: '5s' } }), {}, 5_000],
    ['retry_after_ms of the body', { error: 'slow', retry_after_ms: 250 }, {}, 250],
    ['retryAfter of other writers', { error: 'slow', retryAfter: 2 }, {}, 2_000],
    ['retry_after in seconds', { error: { message: 'slow', retry_after: 3 } }, {}, 3_000],
  ] as const)('reads how long to wait from %s (B46)', (_, body, headers, wait) => {
    expect(errorOf(body, 429, headers).details['retry_after_ms']).toBe(wait)
  })

  it.each([
    ['nothing', null],
    ['empty text', ''],
    ['text', 'gone'],
    ['a number', 7],
    ['a boolean', false],
    ['an empty list', []],
    ['a list of texts', ['first', 'second']],
    ['an empty object', {}],
    ['error as text', { error: 'just text' }],
    ['error null', { error: null }],
    ['error true', { error: true }],
    ['an empty error', { error: {} }],
    ['an empty message', { error: { message: '' } }],
    ['a message that is an object', { error: { message: { a: 1 } } }],
    ['an error in an error', { error: { error: { message: 'deep' } } }],
    ['a problem document', { title: 'Bad', detail: 'amount is missing', status: 400 }],
    ['a list of details', { detail: [{ loc: ['body', 'q'], msg: 'field required' }] }],
    ['a list of errors', { errors: [{ message: 'one' }, { message: 'two' }] }],
    ['a bare envelope', { success: false }],
    ['HTML', '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>'],
  ] as const)('never gives an empty or senseless reason: %s (B42)', (_, body) => {
    const { message } = errorOf(body, 500)
    expect(message.length).toBeGreaterThan(20)
    expect(message).toContain('tool/go')
    expect(message).not.toMatch(/undefined|\[object|null/)
  })

  it('finds the words in the shapes met in the wild', () => {
    expect(errorOf({ error: { error: { message: 'deep' } } }, 500).message).toContain('deep')
    expect(errorOf({ detail: [{ loc: ['q'], msg: 'field required' }] }, 422).message).toContain('field required')
    expect(errorOf({ title: 'Bad', detail: 'amount is missing' }, 400).message).toContain('amount is missing')
    expect(errorOf('<html><title>502 Bad Gateway</title><body>nginx</body></html>', 502).message).toContain(
      '502 Bad Gateway',
    )
    expect(errorOf({ success: false, message: 'out of stock' }, 200).message).toContain('out of stock')
  })

  it('keeps at most 4 kB of a body', () => {
    const { details, message } = errorOf({ error: 'x'.repeat(50_000) }, 500)
    expect(JSON.stringify(details['body']).length).toBeLessThan(4_100)
    expect(message.length).toBeLessThan(700)
  })

  it('succeeds without a status unless the body is an envelope that says otherwise', () => {
    expect(read({ error: 'a field of that name' }).output).toEqual({ error: 'a field of that name' })
    expect(errorOf({ success: false, error: 'no' }).code).toBe('component_failed')
  })

  it('says what was answered, which code it has, and why, each once', () => {
    const saying = (body: InvokerResult['body'], status?: number): string => errorOf(body, status).message
    expect(saying({ error: { code: 'E7', message: 'trouble' } }, 500)).toBe('"tool/go" answered HTTP 500 (E7): trouble')
    expect(saying({ error: { code: 'E7', message: 'trouble E7' } }, 500)).toBe(
      '"tool/go" answered HTTP 500: trouble E7',
    )
    expect(saying(envelope({ message: 'trouble' }), 200)).toBe('"tool/go" reported a failure: trouble')
    expect(saying(envelope({ message: 'trouble' }))).toBe('"tool/go" reported a failure: trouble')
    expect(saying({ message: 'elsewhere' }, 300)).toBe('"tool/go" answered HTTP 300: elsewhere')
    expect(saying({ error: { code: 'E7' } }, 500)).toBe(
      '"tool/go" answered HTTP 500 (E7) without saying why. Look into its log.',
    )
    expect(saying(null, 500)).toBe('"tool/go" answered HTTP 500 without saying why. Look into its log.')
  })

  it('keeps of an answer what it said, and no empty places for what it did not say', () => {
    expect(errorOf(null, 500).details).toEqual({ status: 500 })
    expect(Object.keys(errorOf(null, 500).details)).toEqual(['status'])
    const hints = { hint: 'use EUR', field: null, original_q: '', other: 1, original_n: 5 }
    expect(errorOf({ error: { message: 'm', details: hints } }, 400).details).toMatchObject({
      hint: 'use EUR',
      original_n: '5',
    })
    for (const name of ['field', 'original_q', 'other'])
      expect(errorOf({ error: { message: 'm', details: hints } }, 400).details).not.toHaveProperty(name)
  })

  it('keeps a small body as it is, the beginning of a large one, and the words of a page', () => {
    const exact = { a: 'x'.repeat(4_000 - '{"a":""}'.length) }
    expect(errorOf(exact, 500).details['body']).toEqual(exact)
    const longer = errorOf({ a: `${exact.a}x` }, 500).details['body']
    expect(longer).toBeTypeOf('string')
    expect(errorOf('x'.repeat(5_000), 500).details['body']).toHaveLength(4_000)
    expect(errorOf('<html><title>Down</title></html>', 502).details['body']).toBe('an HTML page: Down')
  })

  it('follows errors in errors four levels deep, then asks for the log', () => {
    const nested = (depth: number): InvokerResult['body'] => {
      let body: Record<string, unknown> = { message: 'deep' }
      for (let i = 0; i < depth; i++) body = { error: body }
      return body as InvokerResult['body']
    }
    expect(errorOf(nested(3), 500).message).toContain('deep')
    expect(errorOf(nested(4), 500).message).toContain('without saying why')
  })

  it('believes a code that says busy over a category that speaks of inputs', () => {
    const busy = errorOf(envelope({ code: 'RATE_LIMITED', category: 'INPUT_ERROR', message: 'm' }), 200)
    const input = errorOf(envelope({ code: 'OTHER', category: 'INPUT_ERROR', message: 'm' }), 200)
    expect([busy.code, input.code]).toEqual(['component_failed', 'component_rejected'])
  })

  it('lets other inputs be tried for a refusal in an envelope of any status, and for 400, 404, 409 and 422', () => {
    const rejected = (status?: number): boolean =>
      speaksOfInputs(new TuttiError('component_rejected', 'no', { details: status === undefined ? {} : { status } }))
    expect([undefined, 200, 399, 400, 404, 409, 422, 500, 503].map(rejected)).toEqual(Array(9).fill(true))
    expect([405, 406, 415, 499].map(rejected)).toEqual(Array(4).fill(false))
    for (const code of ['invalid_input', 'missing_input'] as const)
      expect(speaksOfInputs(new TuttiError(code, 'no'))).toBe(true)
  })
})
