// The one place that knows how a host and a port are written as an address.

/** `http://host:port`; IPv6 addresses get their brackets. */
export const httpOrigin = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`
