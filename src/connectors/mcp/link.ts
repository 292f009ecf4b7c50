// An open connection to one server, as the rest of this room sees it.
import type * as Sdk from '@modelcontextprotocol/client'

/** The protocol library, loaded when the first server is connected. */
export type McpSdk = typeof Sdk

export interface McpLink {
  readonly sdk: McpSdk
  readonly client: Sdk.Client
  /** True once the other side has gone. */
  isClosed: boolean
  /** Whether the server knows us by a session, which it may forget. */
  hasSession(): boolean
  /** Whether a request has been answered over it. */
  hasServed: boolean
  /** Whether a changed list of tools is told, so that it need not be asked for. */
  announcesChanges(): boolean
}

/** Takes a result as it is: what is believed of it is decided where it is read. */
export const ANY_RESULT: Sdk.StandardSchemaV1<unknown, unknown> = {
  '~standard': { version: 1, vendor: 'tutti', validate: (value: unknown) => ({ value }) },
}
