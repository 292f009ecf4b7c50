/** Steps of a chain that recursion would not survive. Mutation testing asks for fewer: such a plan meets every line of the loop. */
export const LONG_CHAIN = Number(process.env['TUTTI_LONG_CHAIN'] ?? 100_000)
