/** Stands before plans that served similar requests. */
export const EARLIER_PLANS_NOTE = `Plans that served similar requests before; <name>, <code>, <text> and <number> stand where those requests had values. They show the form that such a plan may have. Write the values of the new request, and plan only what it asks for.`

/** What the model is taken to have said to them. */
export const EARLIER_PLANS_TAKEN = `I will use them as a pattern only.`
