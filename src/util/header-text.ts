// What may stand in a header of ours: refused when it is declared, and once more before it is sent.
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,200}$/i
const VALUE = /^[\t\x20-\x7e\x80-\xff]+$/

/** These belong to the connection or to the call itself. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'transfer-encoding',
  'upgrade',
])

/** Whether a header of this name can be added to a call. */
export const isFreeHeaderName = (name: string): boolean => NAME.test(name) && !RESERVED.has(name.toLowerCase())

/** Whether a header can carry it: no line ends, nothing beyond Latin-1. */
export const isHeaderValue = (value: string): boolean => VALUE.test(value)
