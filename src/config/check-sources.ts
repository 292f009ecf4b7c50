// What the entries of `sources` say against themselves: two ways to reach one thing or none, addresses that are none, headers that
// cannot be sent, variables that nobody fills in.
import type { A2aSpec, McpServerSpec, OpenapiAuth, OpenapiSpec, SourcesConfig } from '../contracts/sources.ts'
import type { PolicyFault } from '../plan/policy.ts'
import { isFreeHeaderName, isHeaderValue } from '../util/header-text.ts'
import type { SettingPath } from './setting-path.ts'

/** Values of headers, of `env` and of addresses may be secrets: no message shows one. */
export function checkSources({ mcpServers, openapi, a2a, http }: SourcesConfig): PolicyFault[] {
  return [
    ...each(['sources', 'mcpServers'], mcpServers, checkServer),
    ...each(['sources', 'openapi'], openapi, checkDocument),
    ...each(['sources', 'a2a'], a2a, checkAgent),
    ...each(['sources', 'http'], http, ({ url }, path) =>
      [url].flat().flatMap((one, i) => checkUrl(one, Array.isArray(url) ? [...path, 'url', i] : [...path, 'url'])),
    ),
  ]
}

function each<T>(
  path: SettingPath,
  entries: Readonly<Record<string, T>>,
  check: (entry: T, path: SettingPath) => readonly PolicyFault[],
): PolicyFault[] {
  return Object.entries(entries).flatMap(([name, entry]) => {
    const at = [...path, name]
    return [...checkName(name, at), ...check(entry, at)]
  })
}

/** The name of an entry becomes a component's, which stands in prompts, plans and messages. */
const checkName = (name: string, path: SettingPath): PolicyFault[] =>
  /^[\p{L}\p{N}_](?:[\p{L}\p{N}_. -]{0,98}[\p{L}\p{N}_.-])?$/u.test(name)
    ? []
    : [{ path, message: 'is no usable name: write letters, digits, "_", "-", "." and single words, at most 100.' }]

function checkServer(server: McpServerSpec, path: SettingPath): PolicyFault[] {
  const { command, url, type, args, env = {}, cwd, headers = {} } = server
  if (command !== undefined && url !== undefined)
    return [{ path, message: 'has both "command" and "url". Keep one: a program to start, or a server that runs.' }]
  if (command === undefined && url === undefined)
    return [{ path, message: 'has neither "command" (a program to start) nor "url" (a server that runs). Add one.' }]
  const isProgram = command !== undefined
  if (type !== undefined && (type === 'stdio') !== isProgram)
    return [
      { path: [...path, 'type'], message: `is ${type}, which does not go with "${isProgram ? 'command' : 'url'}".` },
    ]
  const stray = isProgram
    ? Object.keys(headers).length > 0 && 'headers'
    : (args !== undefined && 'args') || (Object.keys(env).length > 0 && 'env') || (cwd !== undefined && 'cwd')
  const wanted = isProgram
    ? 'is for servers with "url"; a program gets "env".'
    : 'is for programs; a server gets "headers".'
  return [
    ...(typeof stray === 'string' ? [{ path: [...path, stray], message: wanted }] : []),
    ...(url === undefined ? [] : checkUrl(url, [...path, 'url'])),
    ...checkHeaders(headers, [...path, 'headers']),
    ...Object.entries(env).flatMap(([name, value]) => checkFilled(value, [...path, 'env', name])),
    ...(args ?? []).flatMap((value, i) => checkFilled(value, [...path, 'args', i])),
  ]
}

function checkDocument({ url, file, server, auth = {}, headers = {} }: OpenapiSpec, path: SettingPath): PolicyFault[] {
  if (url !== undefined && file !== undefined) return [{ path, message: 'has both "url" and "file". Keep one.' }]
  if (url === undefined && file === undefined)
    return [{ path, message: 'has neither "url" nor "file": say where the document is.' }]
  return [
    ...(url === undefined ? [] : checkUrl(url, [...path, 'url'])),
    ...(server === undefined ? [] : checkUrl(server, [...path, 'server'])),
    ...checkHeaders(headers, [...path, 'headers']),
    ...Object.entries(auth).flatMap(([scheme, spec]) => checkAuth(spec, [...path, 'auth', scheme])),
  ]
}

function checkAuth(spec: OpenapiAuth, path: SettingPath): PolicyFault[] {
  switch (spec.type) {
    case 'key':
      return checkHeaderValue(spec.value, [...path, 'value'])
    case 'bearer':
      return checkHeaderValue(spec.token, [...path, 'token'])
    case 'basic':
      return spec.username.includes(':')
        ? [{ path: [...path, 'username'], message: 'holds a ":", which ends the user name in this scheme.' }]
        : []
    case 'client-credentials':
      return spec.tokenUrl === undefined ? [] : checkUrl(spec.tokenUrl, [...path, 'tokenUrl'])
  }
}

const checkAgent = ({ url, headers = {} }: A2aSpec, path: SettingPath): PolicyFault[] => [
  ...checkUrl(url, [...path, 'url']),
  ...checkHeaders(headers, [...path, 'headers']),
]

function checkUrl(text: string, path: SettingPath): PolicyFault[] {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return [{ path, message: 'must be an address that begins with http:// or https://.' }]
  if (url.username === '' && url.password === '') return []
  return [{ path, message: 'holds a user or a password. Send them in "headers" or "auth", from {env: NAME}.' }]
}

const checkHeaders = (headers: Readonly<Record<string, string>>, path: SettingPath): PolicyFault[] =>
  Object.entries(headers).flatMap(([name, value]) => [
    ...(isFreeHeaderName(name)
      ? []
      : [{ path: [...path, name], message: 'cannot be the name of a header that is added to a call.' }]),
    ...checkHeaderValue(value, [...path, name]),
  ])

const checkHeaderValue = (value: string, path: SettingPath): PolicyFault[] =>
  isHeaderValue(value)
    ? checkFilled(value, path)
    : [
        {
          path,
          message: 'cannot stand in a header: it holds a line end, or a character that no header has. Look at its end.',
        },
      ]

/** Other programs fill `${NAME}` into such a block; here it would be sent as it is. */
function checkFilled(value: string, path: SettingPath): PolicyFault[] {
  const variable = /\$\{(?:env:)?([A-Za-z_]\w*)\}/.exec(value)?.[1]
  if (variable === undefined) return []
  return [
    {
      path,
      message: `names the variable "${variable}" inside of a text, where it is not filled in. Write {env: NAME} with a variable that holds the whole value.`,
    },
  ]
}
