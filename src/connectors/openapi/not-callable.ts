// Why one operation is left out of a document of which the others can be used.

/** Caught where the operations are listed; its message is the reason, without a full stop. */
export class NotCallable extends Error {}
