// The official SDK, an optional peer: loaded with the first agent, and named when it is not installed.
import type * as Sdk from '@a2a-js/sdk'
import type * as SdkClient from '@a2a-js/sdk/client'
import { TuttiError } from '../../contracts/errors.ts'

export type A2aSdk = Pick<typeof Sdk, 'Role' | 'TaskState'> &
  Pick<
    typeof SdkClient,
    'ClientFactory' | 'DefaultAgentCardResolver' | 'JsonRpcTransportFactory' | 'RestTransportFactory'
  >

let loading: Promise<A2aSdk> | undefined

/** @throws TuttiError `source_failed` that says what to install */
export function loadSdk(): Promise<A2aSdk> {
  loading ??= Promise.all([import('@a2a-js/sdk'), import('@a2a-js/sdk/client')]).then(
    ([{ Role, TaskState }, client]) => ({ ...client, Role, TaskState }),
    (cause: unknown) => {
      loading = undefined
      throw new TuttiError(
        'source_failed',
        'A2A agents need the package "@a2a-js/sdk". Install it: npm install @a2a-js/sdk',
        {
          cause,
        },
      )
    },
  )
  return loading
}
