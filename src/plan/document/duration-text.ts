// A duration as documents write it.
import { z } from 'zod'
import { parseDuration } from '../../util/duration.ts'

/** Text with a unit; `refine` it where 0 or a longest duration matters. */
export const duration = z
  .string({ error: 'must be a duration with its unit, such as 500ms, 30s, 5m, 2h or 7d' })
  .refine((text) => parseDuration(text) !== undefined, {
    error: 'must be a duration such as 500ms, 30s, 5m, 2h or 7d',
  })
  .meta({ pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$', examples: ['500ms', '30s', '5m', '2h', '7d'] })
