/** What the user is asked when a plan lacks nothing but values that only the user knows; the list follows. */
export const QUESTION = `To do this, I still need to know:`
