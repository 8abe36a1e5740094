-- All seats of an event and the version of the map they belong to.
--
-- KEYS as in prelude.lua. ARGV: none of its own. Returns version, states (one byte per seat). Cost: O(seats), a copy.
return {tonumber(redis.call('HGET', KEYS[6], 'version') or 0), redis.call('GET', KEYS[5]) or ''}
