/** Stands before the list of issues of a plan that cannot run. */
export const REPAIR_NOTE = `This plan cannot run. Each line names the kind of issue, its place in your answer as a JSON pointer, the step, what is wrong, and after "Legal here" what would be right:`

/** Stands before capabilities that were found since. */
export const REPAIR_ADDED = `These capabilities are available too.`

/** Said when the plan lacks required inputs. */
export const REPAIR_MISSING = `If the request does not tell a required input and no capability finds it out, do not invent it: answer with "steps": [], a question to the user in "reason", and what you need in "missing".`

/** Ends a request for a correction. */
export const REPAIR_END = `Answer with the whole corrected plan as one JSON object. Use only capabilities that are in the catalog; drop a step that nothing there can do. If nothing fits, answer with "steps": [], "reason" and "missing".`
