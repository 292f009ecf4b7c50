// One operation of a document as a call can be made from it: where each input goes, and how it is written there.
import type { Capability } from '../../contracts/capability.ts'
import type { HttpMethod } from '../http/http-client.ts'
import type { Scheme } from './read-security.ts'

export type Style = 'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject'

export interface Parameter {
  /** Its name among the inputs. */
  readonly input: string
  /** Its name in the request. */
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly style: Style
  readonly explode: boolean
  readonly allowReserved: boolean
  /** Written as JSON text, whatever the style. */
  readonly isJson: boolean
}

/** How one property of a form is written. */
export interface Encoding {
  readonly style: Style
  readonly explode: boolean
  readonly allowReserved: boolean
  /** Of a part. */
  readonly contentType?: string
  readonly isJson: boolean
  /** Of a part that is a file. */
  readonly isFile: boolean
}

export interface Body {
  readonly kind: 'json' | 'form' | 'multipart' | 'text'
  readonly contentType: string
  /** The input that is the whole body; absent: `fields` are its properties. */
  readonly whole?: string
  /** Inputs by the names that they have in the body. */
  readonly fields: ReadonlyMap<string, string>
  readonly isRequired: boolean
  readonly encodings: ReadonlyMap<string, Encoding>
}

export interface Operation {
  readonly capability: Capability
  /** Of its server: calls and credentials go there and nowhere else. */
  readonly origin: string
  readonly method: HttpMethod
  /** With the server's base path; `{name}` stands for a parameter. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body?: Body
  readonly accept: string
  /** Shown with each call, all of them. */
  readonly schemes: readonly Scheme[]
  /** The header that takes our key. */
  readonly idempotencyHeader?: string
}
