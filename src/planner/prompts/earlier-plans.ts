/** Stands before plans that served similar requests. */
export const EARLIER_PLANS_NOTE = `Plans that served similar requests before. They show the form that such a plan may have. Their values belong to those requests: take none of them over, and plan only what the new request asks for.`

/** What the model is taken to have said to them. */
export const EARLIER_PLANS_TAKEN = `I will use them as a pattern only.`
