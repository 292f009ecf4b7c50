// What a vendor's file gives to the room: a model without deadlines or retries, which stream-guard and retrying add.
import type { ModelCall, ModelEvent, Usage } from '../contracts/model.ts'

/** Something came that is not text: a ping, a thought, the head of the answer. Restarts the idle deadline. */
export interface Pulse {
  readonly type: 'pulse'
  /** What is known of the usage so far, for calls that end early. */
  readonly usage?: Usage
}

/** Like a LanguageModel, with pulses. It may end early without an error: the guard looks for the `end` event. */
export interface WireModel {
  readonly id: string
  stream(call: ModelCall): AsyncIterable<ModelEvent | Pulse>
}

/** One vendor with one account; its SDK and client are made on the first call. */
export interface Vendor {
  model(name: string): WireModel
}

export interface VendorSettings {
  /** Only compatible servers of one's own do without. */
  readonly apiKey?: string
  readonly baseUrl?: string
}
