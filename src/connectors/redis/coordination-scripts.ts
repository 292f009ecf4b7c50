// What Redis does for processes that act as one, each in one atomic step and by the clock of Redis alone.
// Every script touches one key, so it also runs on a cluster.

const NOW = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`

/**
 * KEYS: the bucket. ARGV: requests, per (ms), burst, wanted. Returns what is granted and when to ask again, ms.
 * Who wants little is told when one token will be there; who wants much, when a tenth of the burst will be.
 */
export const TAKE_TOKENS = `${NOW}
local requests, per, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local level, at = burst, now
local kept = redis.call('GET', KEYS[1])
if kept then
  local l, a = string.match(kept, '^(%d+%.?%d*) (%d+)$')
  if l then level, at = tonumber(l), math.min(now, tonumber(a)) end
end
level = math.min(burst, level + (now - at) * requests / per)
local granted = math.max(0, math.min(wanted, math.floor(level + 0.000001)))
level = math.max(0, level - granted)
redis.call('SET', KEYS[1], string.format('%.6f %.0f', level, now), 'PX', math.ceil((burst - level) * per / requests) + 1000)
local retry = 0
if granted < wanted then
  local need = math.max(1, math.min(wanted - granted, math.floor(burst / 10)))
  if wanted <= burst / 10 then need = 1 end
  retry = math.max(1, math.ceil((need - level) * per / requests))
end
return { granted, retry }
`

/** KEYS: the notes. ARGV: the note, for how long (ms), how many are kept. A note only ever lengthens. */
export const KEEP_NOTE = `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local till = now + tonumber(ARGV[2])
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not known or tonumber(known) < till then redis.call('ZADD', KEYS[1], string.format('%.0f', till), ARGV[1]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[1], 3600000)
return 1
`

/** KEYS: the notes. ARGV: how many at most. Returns note and remaining ms in turn. */
export const READ_NOTES = `${NOW}
local found = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', string.format('(%.0f', now), 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[1]))
for i = 2, #found, 2 do found[i] = string.format('%.0f', tonumber(found[i]) - now) end
return found
`
