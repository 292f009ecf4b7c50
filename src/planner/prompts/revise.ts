/** Stands before how far a plan came that is to be written anew. */
export const REVISE_NOTE = `This plan was begun, and the rest of it is to be written anew.`

/** What a plan that is written anew must keep to. */
export const REVISE_RULES = `Write the whole plan again, so that it serves the request from here on:
1. Repeat every finished step that you still need exactly as it stands above: the same name, component, action and inputs. It is not run again, and its output is there for references.
2. Never repeat a failed call unchanged: change its inputs, take another capability, or do without it.
3. Leave out or change the steps that have not run, as the outputs and errors above call for.
4. If the request cannot be served any further, answer with the finished steps that are of use, and name what is left in "missing".
Answer with one JSON object and nothing else.`
