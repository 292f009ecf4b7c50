// The one rule by which names of components and capabilities are the same: without regard to case (trap B08).

/** Equal for names that mean the same thing. Returns the very string when it is already in lower case. */
export const nameKey = (name: string): string => name.toLowerCase()
