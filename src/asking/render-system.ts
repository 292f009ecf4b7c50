// The system text of every prompt that people may colour: who speaks, the rules, and what the domain adds to them.

export interface Voice {
  readonly persona?: string | undefined
  readonly domain?: string | undefined
}

/** The rules, between a persona and the rules of a domain where these are set. */
export const renderSystem = (rules: string, { persona, domain }: Voice): string =>
  [
    persona === undefined ? '' : `You speak as: ${persona}`,
    rules,
    domain === undefined ? '' : `Rules of the domain\n${domain}`,
  ]
    .filter((text) => text !== '')
    .join('\n\n')
