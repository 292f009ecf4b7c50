/** Stands before the earlier turns of a thread. */
export const TURNS_NOTE = `Earlier turns of this conversation, oldest first:`

/** What the model is taken to have said to them. */
export const TURNS_TAKEN = `I will use the conversation only to understand the request.`
