// An A2A agent of the official SDK behind a plain HTTP server of this process, and what it was sent.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AgentCard, type Message, type Part, Role, type Task, TaskState } from '@a2a-js/sdk'
import {
  AgentEvent,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  type RequestContext,
  ServerCallContext,
} from '@a2a-js/sdk/server'

export interface AgentCall {
  readonly method: string
  readonly params: Record<string, unknown>
  readonly headers: IncomingMessage['headers']
}

/** What an agent does with a message: speaks in short words of tasks. */
export interface AgentTurn {
  readonly context: RequestContext
  readonly text: string
  begin(): void
  working(text: string): void
  artifact(id: string, parts: readonly Part[], append?: boolean): void
  end(state: TaskState, text?: string): void
  reply(parts: readonly Part[]): void
}

export interface AgentOptions {
  readonly execute: (turn: AgentTurn) => Promise<void> | void
  readonly streaming?: boolean
  readonly onCancel?: (taskId: string) => void
  /** Laid over the card; `url` is not known before. */
  readonly card?: (url: string) => Record<string, unknown>
  /** Looks at a request first; true: it has answered. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse, call: AgentCall | undefined) => boolean
}

export const textPart = (text: string): Part => ({
  content: { $case: 'text', value: text },
  metadata: undefined,
  filename: '',
  mediaType: 'text/plain',
})
export const dataPart = (value: unknown): Part => ({
  content: { $case: 'data', value },
  metadata: undefined,
  filename: '',
  mediaType: 'application/json',
})

function turnOf(context: RequestContext, bus: ExecutionEventBus): AgentTurn {
  const { taskId, contextId, userMessage } = context
  const message = (parts: readonly Part[]): Message => ({
    messageId: `answer-to-${userMessage.messageId}`,
    contextId,
    taskId,
    role: Role.ROLE_AGENT,
    parts: [...parts],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  })
  const status = (state: TaskState, text?: string) => ({
    state,
    message: text === undefined ? undefined : message([textPart(text)]),
    timestamp: undefined,
  })
  const first = userMessage.parts[0]?.content
  return {
    context,
    text: first?.$case === 'text' ? first.value : '',
    begin() {
      const task: Task = {
        id: taskId,
        contextId,
        status: status(TaskState.TASK_STATE_SUBMITTED),
        artifacts: [],
        history: [],
        metadata: undefined,
      }
      bus.publish(AgentEvent.task(task))
    },
    working(text) {
      bus.publish(
        AgentEvent.statusUpdate({
          taskId,
          contextId,
          status: status(TaskState.TASK_STATE_WORKING, text),
          metadata: undefined,
        }),
      )
    },
    artifact(artifactId, parts, append = false) {
      const artifact = { artifactId, name: '', description: '', parts: [...parts], metadata: undefined, extensions: [] }
      bus.publish(
        AgentEvent.artifactUpdate({ taskId, contextId, artifact, append, lastChunk: false, metadata: undefined }),
      )
    },
    end(state, text) {
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status: status(state, text), metadata: undefined }))
      bus.finished()
    },
    reply(parts) {
      bus.publish(AgentEvent.message(message(parts)))
      bus.finished()
    },
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

export async function startAgent(options: AgentOptions) {
  const calls: AgentCall[] = []
  const made: { handler?: JsonRpcTransportHandler } = {}
  let card: Record<string, unknown> = {}
  let cardReads = 0

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readBody(request)
    let call: AgentCall | undefined
    if (request.method === 'POST') {
      const { method, params } = JSON.parse(text) as AgentCall
      call = { method, params, headers: request.headers }
      calls.push(call)
    }
    if (options.intercept?.(request, response, call) === true) return
    if (request.url === '/.well-known/agent-card.json') {
      cardReads++
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(card))
      return
    }
    if (call === undefined || made.handler === undefined) {
      response.writeHead(404).end()
      return
    }
    const version = request.headers['a2a-version']
    const context = new ServerCallContext({ requestedVersion: typeof version === 'string' ? version : '0.3' })
    const result = await made.handler.handle(text, context)
    if (!(Symbol.asyncIterator in result)) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for await (const event of result) response.write(`data: ${JSON.stringify(event)}\n\n`)
    response.end()
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  card = {
    name: 'Travel agent',
    description: 'Plans journeys',
    version: '2.1',
    supportedInterfaces: [{ url: `${url}/rpc`, protocolBinding: 'JSONRPC', tenant: '', protocolVersion: '1.0' }],
    capabilities: { streaming: options.streaming ?? false, pushNotifications: false, extensions: [] },
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/plain', 'application/json'],
    securitySchemes: {},
    securityRequirements: [],
    signatures: [],
    skills: [
      {
        id: 'plan-trip',
        name: 'Plan a trip',
        description: 'Finds trains and a hotel',
        tags: ['travel'],
        examples: ['A weekend in Busan'],
        inputModes: [],
        outputModes: [],
        securityRequirements: [],
      },
    ],
    ...options.card?.(url),
  }
  const requests = new DefaultRequestHandler(card as unknown as AgentCard, new InMemoryTaskStore(), {
    execute: async (context, bus) => await options.execute(turnOf(context, bus)),
    cancelTask: async (taskId, bus) => {
      options.onCancel?.(taskId)
      const status = { state: TaskState.TASK_STATE_CANCELED, message: undefined, timestamp: undefined }
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId: '', status, metadata: undefined }))
      bus.finished()
    },
  })
  made.handler = new JsonRpcTransportHandler(requests)
  return {
    url,
    calls,
    get cardReads() {
      return cardReads
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
